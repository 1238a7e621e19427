"""A role is the bullet's own, and a part in something stays one."""

from __future__ import annotations

import pytest

from aiworker.domain.resume.guard import roles
from tests.unit.domain.resume.guard.bullets import fired


@pytest.mark.parametrize(
    ("before", "after", "token"),
    [
        ("Ran a survey for shops", "Led a survey for shops", "led"),
        ("Ran a workshop for shops", "Led the shops", "led"),
        ("Ran a survey", "Spearheaded a survey", "spearheaded"),
        ("Responsible for the shops", "Headed the shops", "headed"),
        ("Wrote notes for the shops", "Managed the shops", "managed"),
        ("Built a self-managed cluster", "Managed a cluster", "managed"),
        ("Asked by the manager for notes", "Managed the notes", "managed"),
        ("Helped the owner with notes", "Chief of notes", "chief"),
        ("Wrote notes of the product", "Wrote notes as product manager", "product manager"),
        ("Wrote notes", "Was in charge of notes", "in charge of"),
        ("Wrote notes with shops", "Coordinated 4 interns", "Coordinated 4 interns"),
        ("Ordenaba los libros", "Lideré los libros", "lideré"),
        ("Ordenaba los libros", "Ordenaba los libros, al frente de la tienda", "al frente de"),
        ("Barría la tienda", "Gestioné la tienda", "gestioné"),
        ("Barría la tienda", "Asumí la tienda", "Asumí"),
        ("Barría la tienda", "Me hice cargo de la tienda", "Me hice cargo"),
        ("Kept the till", "Kept the till as shop manager", "as shop manager"),
        ("Kept the till", "Kept the till as a nurse", "as a nurse"),
        ("Kept the till as an auditor", "Kept the till as lead auditor", "lead"),
        ("Kept the till", "Took charge of the till", "Took charge"),
        ("Kept the till", "Kept the till with full responsibility", "full responsibility"),
        ("Ran 5 tills", "Managed 5 tills", "managed"),
        ("Managed by the owner, kept tills", "Managed tills", "managed"),
        ("Was mentored by a weaver", "Mentored weavers", "mentored"),
        ("Was supervised at the loom", "Supervised the loom", "supervised"),
        ("Headed by a weaver, sold rugs", "Headed the rugs", "headed"),
        ("Trained apprentices", "Supervised apprentices", "supervised"),
        ("Ate with 4 apprentices", "Mentored 4 apprentices", "mentored"),
        ("Drew for 40 hours", "Drew for 40 supervised hours", "supervised"),
        ("Till and stock with the team", "Managed till and stock with the team", "managed"),
        ("Walked with students", "Guided students", "Guided students"),
        ("Guided visitors", "Guided students", "Guided students"),
        ("Sold rugs", "Sold rugs, reporting directly into me", "reporting directly into me"),
        ("Sold rugs", "Signed off the rugs", "Signed off"),
        ("Sold rugs", "Sold rugs, principal designer", "principal designer"),
        ("Sold rugs", "Instrumental in selling rugs", "Instrumental"),
        ("Sold rugs", "Sold rugs, assisted by a helper", "assisted by a"),
        ("Sold rugs", "Directing the sale of rugs", "Directing the"),
        ("Sold rugs", "Sold rugs, go-to person of the shop", "go-to person"),
        ("Sold rugs", "Line-managed the shop", "Line-managed"),
        ("Served guests", "Owned the till", "owned"),
        ("Owned the till", "Led the till", "led"),
        ("Coached 4 apprentices", "Led 4 apprentices", "led"),
        ("Mentored 4 apprentices", "Supervised 4 apprentices", "supervised"),
        ("Met 4 apprentices", "Coached 4 apprentices", "coached"),
        ("Met volunteers", "Instructed volunteers", "Instructed volunteers"),
        ("Ate with helpers", "Delegated to helpers", "Delegated to helpers"),
        ("Met guests", "Directed guests", "directed"),
        ("Sold rugs", "Ran a team of sellers", "Ran a team"),
        ("Sold rugs", "Headed the night crew", "Headed the night crew"),
        ("Sold rugs with the team", "Ran the team", "Ran the team"),
        ("Sold rugs", "Sold rugs as team leader", "team leader"),
        ("Sold rugs", "Sold rugs as treasurer", "as treasurer"),
        ("Wrote notes", "Editor-in-chief of notes", "Editor-in-chief"),
        ("Sold rugs", "Held responsibility for rugs", "Held responsibility"),
        ("Sold rugs", "Took full responsibility for rugs", "full responsibility"),
        ("Sold rugs", "Facilitated the sale of rugs", "Facilitated"),
        ("Sold rugs", "Authorised the sale of rugs", "Authorised"),
        ("Sold rugs", "Approved the sale of rugs", "Approved"),
        ("Sold rugs", "Co-led the sale of rugs", "Co-led"),
        ("Sold rugs", "Stage-managed the sale of rugs", "Stage-managed"),
        ("Sold rugs", "Sold rugs, 3 sellers under me", "under me"),
        ("Sold rugs with Ana", "Sold rugs with Ana under my guidance", "under my guidance"),
        ("Sold rugs", "Ran the rug department", "Ran the rug department"),
        ("Sat in 40 hearings", "Appeared as counsel in 40 hearings", "as counsel"),
        ("Joined two testers", "Guided two testers", "Guided two testers"),
        ("Ate with the dietitian", "Supervised the dietitian", "Supervised the dietitian"),
        ("Sold rugs", "Headed up the rug stall", "headed"),
        ("Sold rugs", "Took a leading role in rugs", "leading"),
        ("Sold rugs with an engineer", "Sold rugs as the leading engineer", "leading"),
        ("Took part in the stand-up", "Moderated the stand-up", "Moderated"),
        ("Sat in talks on rugs", "Sat in talks and decided on rugs", "decided on"),
        ("Checked the claims of 26 clubs", "Held authority over the claims of 26 clubs", "Held authority"),
        ("Sold rugs with three weavers", "Coordinated the work of three weavers", "Coordinated the work of"),
        ("Served as mate on the cutter", "Command the cutter", "Command the"),
        ("Set stones as one of a gang", "Foreman of a gang that set stones", "Foreman"),
        ("Kept the books", "Oversaw the books", "oversaw"),
        ("Helped the owner teach classes", "Led classes with the owner", "led"),
        ("Sold rugs with Rosa", "Ran the club's sales staff, Rosa among them", "Ran the club's sales staff"),
        (
            "Handle complaints with the duty manager",
            "Supervise the duty manager with complaints",
            "Supervise the duty manager",
        ),
        ("Look after 85 shops", "Run the north district sales team of 85 shops", "Run the north district sales team"),
    ],
)
def test_a_leading_role_the_bullet_does_not_state_is_refused(before: str, after: str, token: str) -> None:
    assert ("leadership", token) in fired(roles.leadership, before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Ran a workshop for shops", "Led a workshop for shops"),
        ("Ran a workshop for shops", "Managed a workshop for shops"),
        ("Ran classes for shops", "Led two of the weekly classes for shops"),
        ("Managed a shop", "Led a shop"),
        ("Led a shop", "Headed a shop"),
        ("Responsible for the shops", "Managed the shops"),
        ("Responsable de la tienda", "Gestioné la tienda"),
        ("Built a self-managed cluster", "Set up a self-managed cluster"),
        ("Asked by the manager for notes", "Wrote notes for the manager"),
        ("Designed a pump", "Architected a pump"),
        ("Designed a pump", "Engineered a pump"),
        ("Ordenaba los libros", "Ordené los libros"),
        ("Llevaba la tienda", "Gestionaba la tienda"),
        ("Encargada de la tienda", "Gestioné la tienda"),
        ("Kept the till", "Kept the till as cashier"),
        ("Kept the till as a manager", "As a manager, kept the till"),
        ("Photographed weddings", "Photographed weddings as a photographer"),
        ("Nurse in the ward", "Was a nurse in the ward"),
        ("In charge of the till", "Was in charge of the till"),
        ("Responsible for the till", "Was in charge of the till"),
        ("Responsible for the till", "Took charge of the till"),
        ("Looked after the till", "Managed the till"),
        ("Took care of the till", "Oversaw the till"),
        ("Ran the till", "Managed the till"),
        ("Handled the till", "Managed the till"),
        ("Till, stock and orders", "Managed till, stock and orders"),
        ("Head of the till", "Headed the till"),
        ("Trained apprentices", "Coached apprentices"),
        ("Taught 4 apprentices", "Mentored 4 apprentices"),
        ("Taught students", "Guided students"),
        ("Learnt weaving from a mentor", "Received mentoring in weaving"),
        ("Was mentored by a weaver", "Learnt by mentoring from a weaver"),
        ("Swept floors", "Swept floors, mentored by Ana"),
        ("Sold rugs under supervision", "Sold rugs, supervised"),
        ("Drew 40 hours under supervision", "Drew for 40 supervised hours"),
        ("Worked with the chair of the club", "Worked for the club's chair"),
        ("Kept PM lists", "Kept project manager lists"),
        ("Sold rugs", "Sold rugs, a helper assisted by nobody"),
        ("Owned the till", "Managed the till"),
        ("Responsible for the till", "Owned the till"),
        ("Ran the till", "Owned the till"),
        ("Took over the till", "Managed the till"),
        ("Coached 4 apprentices", "Mentored 4 apprentices"),
        ("Showed 4 apprentices the loom", "Coached 4 apprentices at the loom"),
        ("Explained the loom to apprentices", "Mentored apprentices on the loom"),
        ("Taught volunteers", "Instructed volunteers"),
        ("Gave directions to guests", "Directed guests"),
        ("Sold rugs", "Ran a stall of rugs"),
        ("Ran a team of sellers", "Ran the team of sellers"),
        ("Sold rugs as a team lead", "Sold rugs as team leader"),
        ("Sold rugs", "Sold rugs as part of the crew"),
        ("Treasurer of the club", "Kept books as treasurer of the club"),
        ("Responsible for rugs", "Held responsibility for rugs"),
        ("Approved rugs", "Approved the sale of rugs"),
        ("Sold rugs with the help of a weaver", "Sold rugs, assisted by a weaver"),
        ("Sold rugs", "Sold rugs in days that led up to the fair"),
        ("Sold rugs to guests", "Kept a cool head when guests bought rugs"),
        ("Packed vans bound for Pune", "Packed vans headed for Pune"),
        ("Direct a crew", "Head a crew"),
        ("Sorted complaints, moths the top one", "Moths were the leading complaint"),
        ("Mentor one trainee", "Coach one trainee"),
        ("Supervise 2 weavers", "Have 2 weavers under my supervision"),
        ("Coached 3 advisers", "Coached three advisers"),
        ("Advise guests on rugs", "Guide guests through rugs"),
        ("Hosted a game night", "Was host of a game night"),
        ("Mentored 2 student teachers", "Guided 2 trainees as their mentor"),
        ("Paid claims, with authority up to $50", "Had authority to pay claims up to $50"),
        ("Supervise 4 bearers", "Manage the work of 4 bearers"),
        ("Manage a caseload of 62", "Hold responsibility for a caseload of 62"),
        ("Assisted the head baker", "Worked as an assistant beside the head baker"),
        ("Kept the diaries of two cooks", "Managed the diaries of two cooks"),
        ("Gave warm-up classes", "Led warm-ups"),
        ("Teach 22 classes", "They take 22 classes I lead"),
        ("Run the kitchen of 19 crew", "Manage 19 crew in the kitchen"),
        ("Counseled guests on rugs", "Advised people on rugs"),
        ("Marked piles for the drivers", "Marked piles to guide the drivers"),
        ("Helped the owner with rugs", "Assisted the man who owned the stall with rugs"),
        ("Approve refunds of $15", "Authorize refunds of $15"),
        ("Chose books by quizzes", "Quizzes deciding which books are chosen"),
        ("Wired racks under the supervision of a technician", "With a technician supervising, wired racks"),
        ("Escorted the auditor", "It was I who escorted the auditor"),
        ("Run the bakery, team of 7", "Run the bakery with a team of 7"),
    ],
)
def test_a_role_in_other_words_or_one_anybody_may_have_is_not(before: str, after: str) -> None:
    assert fired(roles.leadership, before, after) == set()


@pytest.mark.parametrize(
    ("before", "after", "frame"),
    [
        ("Kept the till", "As shop assistant manager, kept the till", "Shop assistant manager"),
        ("Kept the till", "Managed the till", "Shop supervisor"),
        ("Wrote notes for the product", "Wrote notes as product manager", "Product manager"),
        ("Kept the till", "Managed volunteers at the till", "Manager of volunteers"),
        ("Kept the loom", "Kept the loom as Head weaver", "Head weaver"),
        ("Kept books", "Kept books as treasurer", "Treasurer"),
    ],
)
def test_a_role_of_the_entrys_title_may_be_told(before: str, after: str, frame: str) -> None:
    assert fired(roles.leadership, before, after, frame=frame) == set()
    assert fired(roles.leadership, before, after) != set()


@pytest.mark.parametrize(
    ("before", "after", "token"),
    [
        ("Kept the till", "Headed the till", "headed"),
        ("Helped keep the till", "Managed the till", "managed"),
    ],
)
def test_a_title_is_not_every_role(before: str, after: str, token: str) -> None:
    assert fired(roles.leadership, before, after, frame="Shop supervisor") == {("leadership", token)}


@pytest.mark.parametrize(("frame", "is_refused"), [("Assistant treasurer", True), ("Treasurer", False)])
def test_an_assistant_is_not_what_he_assists(frame: str, *, is_refused: bool) -> None:
    found = fired(roles.leadership, "Kept books", "Kept books as treasurer", frame=frame)
    assert found == ({("leadership", "as treasurer")} if is_refused else set())


@pytest.mark.parametrize(
    ("before", "after", "token"),
    [
        ("Learned filing under two smiths", "Taught filing alongside two smiths", "Taught"),
        ("Rode along to learn order-taking", "Trained the agent in order-taking", "Trained"),
        ("Learned filing under two smiths", "Trained in filing under two smiths", None),
        ("Taught filing and learned piercing", "Taught filing while learning piercing", None),
    ],
)
def test_who_learnt_did_not_teach(before: str, after: str, token: str | None) -> None:
    assert fired(roles.helped, before, after) == ({("leadership", token)} if token else set())


def test_a_title_in_another_language_is_told_by_its_translation() -> None:
    spanish = "Llevé las cuentas del club y escribí a los socios para que no se perdieran"
    after = "Llevé la caja de la tienda as accountant"
    assert fired(roles.leadership, "Llevé la caja de la tienda", after, sibling=spanish, elsewhere=spanish) == set()
    assert fired(roles.leadership, "Kept the till", "Kept the till as accountant") != set()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("Helped the baker knead dough", "Kneaded dough", "Helped"),
        ("Helping the baker, kneaded dough", "Kneaded dough", "Helping"),
        ("Assisted in the audit of 3 shops", "Audited 3 shops", "Assisted"),
        ("Supported the clerk in filing deeds", "Filed deeds", "Supported"),
        ("Took part in the harvest of plums", "Harvested plums", "Took part"),
        ("Participated in the harvest of plums", "Harvested plums", "Participated"),
        ("Packed seeds and helped load the van", "Packed seeds and loaded the van", "and helped"),
        ("Planted bulbs under the supervision of a gardener", "Planted bulbs", "under the supervision"),
        ("Planted bulbs under guidance", "Planted bulbs", "under guidance"),
        ("Part of the team that stitched the sail", "Stitched the sail", "Part of"),
        ("Was part of the crew that rigged the stage", "Rigged the stage", "Was part of"),
        ("Contributed to the herb guide", "Wrote the herb guide", "Contributed to"),
        ("Shadowed the vet on farm visits", "Visited farms for the vet", "Shadowed"),
        ("Attended the trials of the pump", "Ran the trials of the pump", "Attended"),
        ("Sat in on the trials of the pump", "Ran the trials of the pump", "Sat in on"),
        ("Helped the team stitch sails", "Stitched sails for the team", "Helped"),
        ("Helped set up the stall with two colleagues", "Set up the stall with two colleagues", "Helped"),
        ("Ayudé a los pintores con la fachada", "Pinté la fachada", "Ayudé"),
        ("Colaboré en la poda de olivos", "Podé olivos", "Colaboré"),
        ("Accompanied the vet to farms", "Visited farms", "Accompanied"),
        ("Observed the vet treat goats", "Treated goats", "Observed"),
        ("Watched the vet treat goats", "Treated goats", "Watched"),
        ("Saw how goats are treated", "Treated goats", "Saw"),
        ("Helped the baker knead dough", "Performed kneading with the team", "Helped"),
        ("Assisted the baker in kneading", "Carried out kneading with colleagues", "Assisted"),
        ("Helped the baker knead dough", "Managed the dough with the team", "Helped"),
        ("Assisted in a class for 18 attendants", "Designed a class for 18 attendants", "Assisted"),
        ("Joined the rota for calls", "Planned the rota for calls", "Joined the rota"),
        ("Took part in the share offer", "Ran the share offer", "Took part"),
        ("Assist with line insertion", "Perform line insertion", "Assist"),
        ("Accompanied the clerk on visits", "Conducted visits with the clerk in attendance", "Accompanied"),
        ("Supported the clerk at 5 fairs", "Coordinated 5 fairs with the clerk", "Supported"),
        ("Helped the cook serve lunches", "Ran the lunches with the cook's support", "Helped"),
        ("Helped the clerk sort maps", "Sorted maps among shelves", "Helped"),
    ],
)
def test_a_part_in_something_does_not_become_the_whole(before: str, after: str, told: str) -> None:
    assert fired(roles.helped, before, after) == {("leadership", f"without {told}")}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Helped the baker knead dough", "Assisted the baker in kneading dough"),
        ("Helped the baker knead dough", "Kneaded dough alongside the baker"),
        ("Helped the baker knead dough", "Kneaded dough with the baker and other colleagues"),
        ("Helped the baker knead dough", "Dough for the baker"),
        ("Took part in the harvest of plums", "Joined the harvest of plums"),
        ("Packed seeds and helped load the van", "Packed seeds and lent a hand loading the van"),
        ("Planted bulbs under the supervision of a gardener", "Planted bulbs under a gardener's guidance"),
        ("Part of the team that stitched the sail", "Stitched the sail with the team"),
        ("Was part of the crew that rigged the stage", "Rigged the stage as one of the crew"),
        ("Contributed to the herb guide", "Contributed chapters to the herb guide"),
        ("Attended the trials of the pump", "Observed the trials of the pump"),
        ("Ayudé a los pintores con la fachada", "Pinté la fachada junto a los pintores"),
        ("Colaboré en la poda de olivos", "Podé olivos con el equipo"),
        ("Kneaded dough that helped the baker", "Kneaded dough"),
        ("Kneaded dough", "Kneaded the dough"),
        ("Accompanied the vet to farms", "Went with the vet to farms"),
        ("Watched the vet treat goats", "Saw the vet treat goats"),
        ("Observed the vet treat goats", "Treated goats, guided by the vet"),
        ("Took part in a play", "Performed in a play with the team"),
        ("Helped the baker knead dough", "Performed support in kneading dough"),
        ("Contributed recipes", "Wrote recipes"),
        ("Responsible for flour, helped with dough", "Responsible for flour, helping with dough"),
        ("Attend night call-outs", "Take night call-outs"),
        ("Took part in 23 callouts", "Turned out for 23 callouts"),
        ("Observed 260 hand-washings", "Carried out observation of 260 hand-washings"),
        ("Accompanied the vet to two village farms", "Accompanied the vet to two farms"),
        ("Helped the manager with the handover file", "Gave the manager a hand with the handover file"),
        ("Built a panel, watching 27 pumps", "Built a panel to keep an eye on 27 pumps"),
        ("Took part as one of 9 testers", "Served among 9 testers"),
        ("Assisted the cook in charge with 6 lunches", "Assisted the cook in charge with six lunches"),
    ],
)
def test_a_part_in_something_may_be_told_in_other_words(before: str, after: str) -> None:
    assert fired(roles.helped, before, after) == set()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Helped with dough", "Responsible for dough, helping the baker"),
        ("Assisted in the shop", "Was in charge of the shop with colleagues"),
        ("Helped the foreman repaint the hall", "Was in charge, with the foreman, of repainting"),
    ],
)
def test_who_helped_was_not_in_charge(before: str, after: str) -> None:
    ((rule, token),) = fired(roles.helped, before, after)
    assert (rule, token) in (("leadership", "Responsible for"), ("leadership", "in charge"))
