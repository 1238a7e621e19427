"""The one statement that counts a season, held against a count by hand over random rows of two tenants."""

from __future__ import annotations

import random
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, cast

import pytest

from aiworker.domain.analytics.figures import Branch, Figures, Season, Skill
from aiworker.domain.analytics.suppression import Size
from aiworker.errors import NotFound
from aiworker.protocol import Connection
from aiworker.runtime import examples
from aiworker.store import placements, reference
from aiworker.store.database import Database

NOW, BEFORE, EARLIER, LATER = "2026-27", "2025-26", "2023-24", "2027-28"
TENANT, OTHER = "tenant-a", "tenant-b"
STAGES: Mapping[str, int] = {"shortlisted": 2, "interviewed": 3, "offered": 3, "accepted": 3}
KINDS = ("full_time", "internship", "ppo")
FILTERS: tuple[dict[str, Any], ...] = (
    *(
        {},
        {"branch": "Civil"},
        {"degree": "B.Tech."},
        {"year": 4},
        {"branch": "Textiles", "degree": "M.Tech.", "year": 3},
    ),
    {"branch": "Nowhere"},
)

Row = dict[str, Any]


@dataclass
class World:
    """One tenant's rows."""

    tenant: str
    students: list[Row] = field(default_factory=list[Row])
    vacancies: list[Row] = field(default_factory=list[Row])
    applications: list[Row] = field(default_factory=list[Row])
    offers: list[Row] = field(default_factory=list[Row])

    async def insert(self, db: Connection) -> None:
        for student in self.students:
            await reference.put_student(db, self.tenant, student)
        for vacancy in self.vacancies:
            await reference.put_vacancy(db, self.tenant, vacancy)
        for application in self.applications:
            await reference.put_application(db, self.tenant, application)
        for offer in self.offers:
            await reference.put_offer(db, self.tenant, offer)


def student(tenant: str, number: int, **changes: Any) -> Row:
    one = f"{tenant}-{number}"
    return {
        "id": one,
        "roll_number": one,
        "name": f"Student {number}",
        "email": f"{one}@example.com",
        "degree": "B.Tech.",
        "branch": "Civil",
        "year": 4,
        "skills": [],
        **changes,
    }


def vacancy(tenant: str, name: str, **changes: Any) -> Row:
    row = {"id": f"{tenant}-{name}", "title": "Engineer", "company": "Palash Pay", "description": "", "season": NOW}
    return {**row, **changes}


def offer(student_id: str, job_id: str, kind: str = "full_time", ctc: int = 500_000, *, accepted: bool = True) -> Row:
    on = "2026-11-02"
    row = {"student_id": student_id, "job_id": job_id, "kind": kind, "ctc": ctc, "offered_on": on}
    return {**row, "accepted_on": on if accepted else None}


def some(dice: random.Random, tenant: str) -> World:
    """Return random rows: every status and kind, seasons before and after, odd spaces and skills."""
    world = World(tenant)
    skills = ("SQL", "sql", " Python ", "C++", "", "Excel")
    for number in range(dice.randint(20, 45)):
        world.students.append(
            student(
                tenant,
                number,
                degree=dice.choice(["B.Tech.", "M.Tech."]),
                branch=dice.choice(["Civil", " Civil ", "Textiles", "Chemical"]),
                year=dice.randint(3, 4),
                skills=dice.choice([dice.sample(skills, dice.randint(0, 4)), "SQL", {"name": "SQL"}, None]),
            )
        )
    for number in range(dice.randint(6, 14)):
        world.vacancies.append(
            vacancy(
                tenant,
                str(number),
                company=dice.choice(["Palash Pay", "palash pay ", "Gannet", "Kestrel"]),
                season=dice.choice([NOW, NOW, BEFORE, EARLIER, LATER, "summer"]),
                skills=dice.choice([dice.sample(skills, dice.randint(0, 4)), "SQL", None]),
            )
        )
    pairs = [(each["id"], job["id"]) for each in world.students for job in world.vacancies]
    statuses = ["applied", "shortlisted", "interviewed", "offered", "accepted", "rejected", "withdrawn"]
    for student_id, job_id in dice.sample(pairs, len(pairs) // 5):
        world.applications.append({"student_id": student_id, "job_id": job_id, "status": dice.choice(statuses)})
    for student_id, job_id in dice.sample(pairs, len(pairs) // 8):
        kinds = dice.sample(KINDS, dice.choice([1, 1, 2]))
        amount, taken = dice.randint(300_000, 2_000_000), dice.random() < 0.6
        world.offers += [offer(student_id, job_id, kind, amount, accepted=taken) for kind in kinds]
    return world


# A count by hand


@dataclass
class Count:
    """Counts a world's figures for one set of filters."""

    world: World
    filters: Mapping[str, Any]

    def __post_init__(self) -> None:
        self.season_of = {row["id"]: row["season"] for row in self.world.vacancies if row["season"] <= NOW}
        self.company_of = {row["id"]: row["company"].strip().lower() for row in self.world.vacancies}
        self.stage: dict[tuple[str, str], int] = defaultdict(int)
        self.offers: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.world.applications:
            self.reach(row, STAGES.get(row["status"], 1))
        for row in self.world.offers:
            self.reach(row, 5 if row["accepted_on"] and row["kind"] != "internship" else 4)
            if season := self.season_of.get(row["job_id"]):
                self.offers[season, row["student_id"]].append(row)

    def reach(self, row: Row, stage: int) -> None:
        if season := self.season_of.get(row["job_id"]):
            place = (season, row["student_id"])
            self.stage[place] = max(self.stage[place], stage)

    def registered(self) -> list[Row]:
        active = {student_id for _, student_id in self.stage}
        return [row for row in self.world.students if (NOW, row["id"]) in self.stage or row["id"] not in active]

    def chosen(
        self, rows: Iterable[Row], *, names: Iterable[str] = ("branch", "degree", "year")
    ) -> tuple[list[Row], list[Row]]:
        inside: list[Row] = []
        outside: list[Row] = []
        wanted = {name: self.filters[name] for name in names if name in self.filters}
        for row in rows:
            own = {**row, "branch": row["branch"].strip()}
            (inside if all(own[name] == value for name, value in wanted.items()) else outside).append(row)
        return inside, outside

    def package(self, season: str, row: Row) -> int | None:
        kept = [o["ctc"] for o in self.offers[season, row["id"]] if o["accepted_on"] and o["kind"] != "internship"]
        return max(kept, default=None)

    def season(self, season: str, rows: list[Row]) -> Season:
        stages = [self.stage[season, row["id"]] for row in rows if (season, row["id"]) in self.stage]
        offers = [self.offers[season, row["id"]] for row in rows if self.offers[season, row["id"]]]
        kinds = [{each["kind"] for each in several} for several in offers]
        packages = [amount for row in rows if (amount := self.package(season, row)) is not None]
        return Season(
            **{
                name: sum(stage >= least for stage in stages)
                for least, name in enumerate(("applied", "shortlisted", "interviewed", "offered", "placed"), 1)
            },
            several_offers=sum(len(several) > 1 for several in offers),
            offers=sum(map(len, offers)),
            companies=len({self.company_of[each["job_id"]] for several in offers for each in several}),
            interns=sum("internship" in each for each in kinds),
            converted=sum({"internship", "ppo"} <= each for each in kinds),
            median=cents(median(packages)),
            mean=cents(Decimal(sum(packages)) / len(packages)) if packages else None,
            highest=cents(max(packages, default=None)),
        )

    def branches(self) -> tuple[Branch, ...]:
        inside, outside = self.chosen(self.registered(), names=("degree", "year"))
        names = sorted({row["branch"].strip() for row in inside})
        return tuple(self.branch(name, inside, outside) for name in names)

    def branch(self, name: str, inside: list[Row], outside: list[Row]) -> Branch:
        own, others = ([row for row in rows if row["branch"].strip() == name] for rows in (inside, outside))
        packages, left = ([p for row in rows if (p := self.package(NOW, row))] for rows in (own, others))
        strength, placed = Size(len(own), len(others)), Size(len(packages), len(left))
        return Branch(name, strength, placed, cents(median(packages)))

    def skills(self, inside: list[Row], outside: list[Row]) -> tuple[Skill, ...]:
        asked: dict[str, set[str]] = defaultdict(set)
        names: dict[str, set[str]] = defaultdict(set)
        for row in self.world.vacancies:
            for skill in listed(row["skills"]) if row["season"] == NOW else ():
                asked[skill.lower()].add(row["id"])
                names[skill.lower()].add(skill)
        order = sorted(asked, key=lambda key: (-len(asked[key]), key))[: placements.MOST_SKILLS]
        return tuple(
            Skill(min(names[key]), len(asked[key]), Size(holders(inside, key), holders(outside, key))) for key in order
        )

    def figures(self) -> Figures:
        inside, outside = self.chosen(self.registered())
        everybody = self.chosen(self.world.students)[0]
        has_before = not self.filters and any(season == BEFORE for season, _ in self.stage)
        return Figures(
            NOW,
            Size(len(inside), len(outside)),
            sum(row["season"] == NOW for row in self.world.vacancies),
            self.season(NOW, inside),
            outside=self.season(NOW, outside),
            before=self.season(BEFORE, everybody) if has_before else None,
            branches=self.branches(),
            skills=self.skills(inside, outside),
            branch=self.filters.get("branch"),
            is_filtered=bool(self.filters),
        )


def listed(skills: object) -> list[str]:
    return [skill.strip() for skill in cast("list[str]", skills) if skill.strip()] if isinstance(skills, list) else []


def holders(rows: list[Row], key: str) -> int:
    return sum(key in {skill.lower() for skill in listed(row["skills"])} for row in rows)


def median(amounts: list[int]) -> float | None:
    return statistics.median(amounts) if amounts else None


def cents(amount: Decimal | float | None) -> Decimal | None:
    return None if amount is None else Decimal(str(amount)).quantize(Decimal("0.01"), ROUND_HALF_UP)


# The statement


async def counted(database: Database, tenant: str = TENANT, **filters: Any) -> Figures:
    async with database.transaction(tenant, readonly=True) as db:
        return await placements.fetch_figures(db, tenant, NOW, **filters)


@pytest.mark.parametrize("seed", range(6))
async def test_the_statement_counts_what_a_count_by_hand_does(database: Database, seed: int) -> None:
    dice = random.Random(seed)
    world, other = some(dice, TENANT), some(dice, OTHER)
    async with database.transaction(None) as db:
        await world.insert(db)
        await other.insert(db)
    for filters in FILTERS:
        assert await counted(database, **filters) == Count(world, filters).figures()
    assert await counted(database, OTHER) == Count(other, {}).figures()


async def test_a_tenant_without_a_student_and_a_vacancy_is_not_found(database: Database) -> None:
    async with database.transaction(None) as db:
        await World(OTHER, [student(OTHER, 1)], [vacancy(OTHER, "v")]).insert(db)
    with pytest.raises(NotFound):
        await counted(database, "nobody")


@pytest.mark.parametrize(
    "world",
    [World(TENANT, [student(TENANT, 1)]), World(TENANT, [], [vacancy(TENANT, "v", season=LATER)])],
    ids=["a student", "a vacancy of a later season"],
)
async def test_a_tenant_with_one_student_or_one_vacancy_has_figures(database: Database, world: World) -> None:
    async with database.transaction(TENANT) as db:
        await world.insert(db)
    assert await counted(database) == Count(world, {}).figures()


async def test_rows_of_another_tenant_that_name_ours_count_nowhere(database: Database) -> None:
    world = World(TENANT, [student(TENANT, 1)], [vacancy(TENANT, "v")])
    forged = World(OTHER, [], [], [{"student_id": f"{TENANT}-1", "job_id": f"{TENANT}-v", "status": "accepted"}])
    forged.offers.append(offer(f"{TENANT}-1", f"{TENANT}-v"))
    async with database.transaction(None) as db:
        await world.insert(db)
        await forged.insert(db)
    assert (await counted(database)).now == Season()
    with pytest.raises(NotFound):
        await counted(database, OTHER)


async def test_who_was_active_in_earlier_seasons_only_has_left(database: Database) -> None:
    world = World(
        TENANT,
        [student(TENANT, number) for number in range(4)],
        [vacancy(TENANT, "old", season=BEFORE), vacancy(TENANT, "new"), vacancy(TENANT, "next", season=LATER)],
        [
            {"student_id": f"{TENANT}-0", "job_id": f"{TENANT}-old", "status": "accepted"},
            {"student_id": f"{TENANT}-1", "job_id": f"{TENANT}-old", "status": "rejected"},
            {"student_id": f"{TENANT}-1", "job_id": f"{TENANT}-new", "status": "applied"},
            {"student_id": f"{TENANT}-2", "job_id": f"{TENANT}-next", "status": "applied"},
        ],
    )
    async with database.transaction(None) as db:
        await world.insert(db)
    figures = await counted(database)
    assert (figures.registered, figures.now.applied) == (Size(3), 1)
    assert figures.before is not None and figures.before.applied == 2


async def test_inserting_an_example_twice_changes_no_figure(database: Database) -> None:
    example = examples.load("generate-analytics-summary")
    found: list[Figures] = []
    for _ in range(2):
        async with database.transaction(example.tenant) as db:
            await examples.put(db, example)
        found.append(await counted(database, example.tenant))
    assert found[0] == found[1]
    assert (found[0].registered, found[0].now.placed) == (Size(144), 61)
