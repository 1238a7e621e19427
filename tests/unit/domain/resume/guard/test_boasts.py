"""Awards, scale and outcomes are the bullet's own."""

from __future__ import annotations

import pytest

from aiworker.domain.resume.guard import boasts
from tests.unit.domain.resume.guard.bullets import fired


@pytest.mark.parametrize(
    ("before", "after", "token"),
    [
        ("Wrote notes", "Wrote award-winning notes", "award"),
        ("Wrote notes", "Wrote certified notes", "certified"),
        ("Ranked 3rd at the fair", "Won a scholarship at the fair", "scholarship"),
        ("Wrote notes", "Wrote notes, trainee of the year", "trainee of the year"),
        ("Wrote notes", "Wrote the best notes", "best notes"),
        ("Wrote a paper", "Published a paper", "Published a paper"),
        ("Escribí notas", "Escribí notas con premio", "premio"),
        ("Sang at the fair", "Won gold at the fair", "gold"),
        ("Sang at the fair", "Took silver at the fair", "silver"),
        ("Won a silver medal for singing", "Won a gold medal for singing", "gold"),
        ("Won a medal for singing", "Won a bronze medal for singing", "bronze"),
        ("Won a prize for singing", "Won a scholarship for singing", "scholarship"),
        ("Got a grant to sing", "Won a prize to sing", "prize"),
        ("Wrote on songs", "Wrote a doctorate on songs", "doctorate"),
        ("Sang at the fair", "Commended for singing at the fair", "Commended"),
        ("Sang", "Voted onto the stage", "Voted"),
        ("Sang", "Sang, singer of the month", "singer of the month"),
        ("Canté", "Canté, cantante del año", "del año"),
        ("Sang", "Sang, the youngest singer of all", "youngest singer of all"),
        ("Sang", "Rated among the singers", "Rated among"),
        ("Sang", "Named one of the singers", "Named one"),
        ("Sang", "Sang, top performer", "top performer"),
        ("Wrote songs", "Published a song in a journal", "Published a song in a journal"),
        ("Wrote notes", "Wrote awards notes", "awards"),
        ("Sold rugs", "Won buyers of rugs", "won"),
        ("Sold rugs", "Sold rugs, recognised by buyers", "recognised"),
        ("Sold rugs", "Recognised for rugs", "recognised"),
        ("Sold rugs", "Won a contract for rugs", "won"),
        ("Got a contract for rugs", "Won a prize for rugs", "prize"),
        ("Drove vans", "Drove vans with a clean licence", "with a clean licence"),
        ("Drove vans", "Drove vans and held a trade license", "held a trade license"),
        ("Drove vans", "Licensed to drive vans", "licensed"),
        ("Drew plans", "Drew plans as a chartered drawer", "chartered"),
        ("Sang", "Sang, runner-up at the fair", "runner-up"),
        ("Sang", "Sang, runners up at the fair", "runners up"),
        ("Sang at the fair", "Placed first at the fair", "Placed first"),
        ("Sang at the fair", "Sang at the fair, placing 2nd", "placing 2nd"),
        ("Sold rugs", "Sold rugs, more than any other stall", "more than any other"),
        ("Sold rugs", "Sold most of all stalls", "most of all"),
        ("Sang", "Sang, baker of the month", "baker of the month"),
        ("Sang", "Sang and got a plaque", "plaque"),
        ("Sold rugs", "Became the number one seller of rugs", "number one"),
        ("Made a jar", "Earned the top project grade for a jar", "top project grade"),
        ("Coached debating", "Coached debating to the championship", "championship"),
        ("Sold rugs", "Sold rugs as employee of the quarter", "employee of the quarter"),
        ("Wrote 5 papers", "Published 5 papers", "Published 5 papers"),
        ("Applied for 2 patents", "Was granted 2 patents", "granted 2 patents"),
        ("Applied for 2 patents", "Patented 2 ovens", "Patented"),
        ("Filed a patent for ovens", "Holds a patent for ovens", "Holds a patent"),
        ("Applied for a patent", "Patent has been granted", "Patent has been granted"),
        ("Met 48 cooks", "Earned a pre-placement offer for meeting 48 cooks", "pre-placement offer"),
    ],
)
def test_an_award_the_bullet_does_not_state_is_refused(before: str, after: str, token: str) -> None:
    assert ("award", token) in fired(boasts.awards, before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Won an award for notes", "Awarded for notes"),
        ("Ranked 3rd at the fair", "Won 3rd prize at the fair"),
        ("Came first at the fair", "Won the fair"),
        ("Got a cert for welding", "Certified for welding"),
        ("Wrote notes", "Wrote notes by best practice"),
        ("Best of the fair", "The best of the fair"),
        ("Won a silver medal for singing", "Awarded a silver medal for singing"),
        ("Won a prize for singing", "Recognised with a prize for singing"),
        ("Came 2nd in singing", "Recognised as 2nd in singing"),
        ("Did a PhD on songs", "Wrote a doctorate on songs"),
        ("Sang until the year was over", "Sang to the end of the year"),
        ("Cantaba en la plaza", "Canté en la plaza al cierre del año"),
        ("Sang to three cooks", "Sang, judged by three cooks"),
        ("Sang", "Sang with best effort"),
        ("Kept CAC lists", "Kept certificate acceptance committee lists"),
        ("Sold rugs", "Won back buyers of rugs"),
        ("Sold rugs", "Won over buyers of rugs"),
        ("Sold rugs", "Won 3 buyers of rugs"),
        ("Sold rugs", "Recognised moths in rugs"),
        ("Sold rugs", "Sold rugs and recognized buyers"),
        ("Got a contract for rugs", "Won a contract for rugs"),
        ("Applied for funding", "Awarded funding"),
        ("Drove vans with a licence", "Held a clean licence for vans"),
        ("Placed first at the fair", "Came first at the fair"),
        ("Came first at the fair", "Won first place at the fair"),
        ("Sold rugs", "Sold more rugs than any other stall"),
        ("Sang to the middle of the year", "Sang by the last week of the month"),
        ("Sang", "Sang on the Monday of the month"),
        ("Sang", "Sang at the end-of-the-year fair"),
        ("Compared rugs with 5 helpers", "5 helpers judged the rugs"),
        ("Earned a mark of 72 %", "Was awarded a mark of 72 %"),
        ("Secured orders worth Rs 3", "Won Rs 3 of orders"),
        ("Noted moths as the top complaint", "Noted moths as the number one complaint"),
        ("Wrote 5 published papers", "Published 5 papers"),
        ("Applied for 2 patents", "Filed 2 patents"),
        ("Readied notes for the patent committee", "Got notes ready for the patent committee"),
        ("Got a patent for ovens", "Obtained a patent for ovens"),
        ("Searched patents of mills", "Searched patents granted to mills"),
        ("Got 2 patents granted for ovens", "Was granted 2 patents for ovens"),
        ("Notes appeared in a peer-reviewed journal", "Notes were published in a peer-reviewed journal"),
    ],
)
def test_an_award_the_bullet_states_may_be_told_otherwise(before: str, after: str) -> None:
    assert fired(boasts.awards, before, after) == set()


def test_a_rank_of_the_entry_may_be_named() -> None:
    assert fired(boasts.awards, "Wrote notes", "Wrote notes, trainee of the year", frame="Trainee of the year") == set()


def test_an_office_may_be_called_after_awards() -> None:
    before, frame = "Wrote notes", "Clerk, Awards office"
    assert fired(boasts.awards, before, "Wrote notes for the Awards office", frame=frame) == set()
    assert fired(boasts.awards, before, "Wrote notes on awards", frame=frame) == {("award", "awards")}


@pytest.mark.parametrize(
    ("before", "after", "token"),
    [
        ("Served shops", "Served shops nationwide", "nationwide"),
        ("Served shops", "Served shops company-wide", "company-wide"),
        ("Served shops", "Served thousands of shops", "thousands"),
        ("Raised lakhs for shops", "Raised crores for shops", "crores"),
        ("Raised several lakh for shops", "Raised several crore for shops", "several crore"),
        ("Served hundreds of shops", "Served a few thousand shops", "a few thousand"),
        ("Served shops", "Served shops across the country", "across the country"),
        ("Served shops", "Served a chain of shops", "chain of"),
        ("Served shops", "Served the largest shops", "largest"),
        ("Atendí tiendas", "Atendí tiendas a nivel nacional", "a nivel nacional"),
        ("Atendí tiendas", "Atendí todas las tiendas", "todas las tiendas"),
        ("Served a depot", "Served every depot", "every depot"),
        ("Served a depot", "Served all depots", "all depots"),
        ("Taught a class", "Taught all classes", "all classes"),
        ("Answered the phone", "Answered every call", "every call"),
        ("Served depots", "Served all of the riders", "all of the riders"),
        ("Served depots", "Served depots across the province", "across the province"),
        ("Served depots", "Served depots throughout the city", "throughout the city"),
        ("Served depots", "Served depots in every branch", "in every branch"),
        ("Served depots", "Served depots alone", "alone"),
        ("Served depots", "Single-handedly served depots", "Single-handedly"),
        ("Served depots", "Served depots of the whole fleet", "whole fleet"),
        ("Served depots", "Served depots from scratch", "from scratch"),
        ("Served depots", "Served depots, adopted by all other depots", "adopted by all other"),
        ("Served depots", "Served all other depots", "all other depots"),
        ("Served depots", "Served the rest of the depots", "the rest of the depots"),
        ("Served cities", "Served several cities", "several cities"),
        ("Served depots", "Served depots at large scale", "at large scale"),
        ("Served depots", "Served depots of a hotel chain", "hotel chain"),
        ("Served depots", "Served cross-border depots", "cross-border"),
        ("Served depots", "Served depots at state level", "state level"),
        ("Served depots", "Served county's depots", "county's"),
        ("Mended lab-scale pumps", "Mended pumps at full scale", "at full scale"),
        ("Served riders", "Served hundreds of riders", "hundreds"),
        ("Swept a hall", "Swept each of the halls", "each of the halls"),
        ("Swept each hall", "Swept each hall, then every attic", "every attic"),
        ("Swept each hall", "Swept all halls and every attic", "every attic"),
        ("Sent a parcel", "Kept every parcel", "every parcel"),
        ("Swept a glass", "Swept every glass", "every glass"),
        ("Swept halls", "Swept halls round the clock", "round the clock"),
        ("Swept halls", "Swept halls around-the-clock", "around-the-clock"),
        ("Swept halls", "Swept halls 24x7", "24x7"),
        ("Swept halls", "Swept halls day and night", "day and night"),
        ("Sold rugs", "Sold rugs up and down the coast", "up and down the"),
        ("Sold rugs", "Sold rugs the length and breadth of the valley", "the length and breadth"),
        ("Sold books", "Sold the entire collection", "entire collection"),
        ("Sold rugs", "Sold rugs across boroughs", "across boroughs"),
        ("Sold rugs", "Sold rugs independently", "independently"),
        ("Sold rugs", "Sold rugs unaided", "unaided"),
        ("Sold a rug each morning", "Sold all rugs each morning", "all rugs"),
        ("Swept halls by night", "Swept halls on all shifts", "all shifts"),
        ("Heard guests", "Had final say on guests", "final say"),
        ("Showed it to the manager", "Showed it to the manager and the board of directors", "board of directors"),
        ("Served guests at the counter", "Served guests throughout Pellworth", "throughout Pellworth"),
    ],
)
def test_a_scale_the_bullet_does_not_state_is_refused(before: str, after: str, token: str) -> None:
    found = fired(boasts.scope, before, after)
    assert any(rule == "scope" and shown.startswith(token[:10]) for rule, shown in found)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Served shops at a national fair", "Served shops nationally"),
        ("Served shops of the country", "Served shops across the country"),
        ("Served shops", "Served shops across the street"),
        ("Served all shops of a chain of mills", "Served a chain of mills"),
        ("Served the depots", "Served all the depots"),
        ("Served each depot", "Served every depot"),
        ("Served riders", "Served all of the riders"),
        ("Taught the pupils of a class", "Taught the whole class"),
        ("Served depots", "Served all three depots"),
        ("Served depots of the province", "Served depots across the province"),
        ("Served city depots", "Served depots throughout the city"),
        ("Served depots", "Served depots across thirty lanes"),
        ("Served depots", "Served depots across both streets"),
        ("Served depots", "Served depots every day"),
        ("Served depots", "Served depots all year"),
        ("Served depots", "Served depots every second week"),
        ("Served depots alone", "Served depots by myself"),
        ("Served the hotels of a chain", "Served a hotel chain"),
        ("Kept NSN lists", "Kept national stock number lists"),
        ("Kept NLS lists", "Kept national level survey lists"),
        ("Atendí tiendas", "Atendí todos los días las tiendas"),
        ("Mended pumps", "Mended bench-scale pumps"),
        ("Swept halls", "Swept each of the halls"),
        ("Swept each hall", "Swept all halls"),
        ("Swept each hall and every attic", "Swept all halls and each attic"),
        ("Lost no parcel", "Kept every parcel"),
        ("Lost parcels", "Kept every parcel"),
        ("Swept halls", "Swept every hall with care"),
        ("Swept halls", "Swept all of them"),
        ("Swept halls", "Swept all the way"),
        ("Swept halls", "Swept halls every third week"),
        ("Open 24/7", "Open round the clock"),
        ("Open day and night", "Open 24 x 7"),
        ("Sold rugs up and down the coast", "Sold rugs along the coast"),
        ("Sold the entire archive", "Sold the whole archive"),
        ("Sold rugs in boroughs", "Sold rugs across boroughs"),
        ("Sold rugs unaided", "Sold rugs independently"),
        ("Sang for the whole fair", "Sang for the entire fair"),
        ("Wove 40 rugs", "Wove 40 rugs all told"),
        ("Wove rugs in wool", "Wove rugs, all made by hand in wool"),
        ("Made rugs", "Rug production of one hall"),
        ("Drove 9 miles a day", "Drove nine miles daily"),
        ("Paid claims under own authority", "Paid claims on my own"),
        ("Took samples across town", "Took samples all over town"),
        ("Sang for 15 older adults", "Sang for a group of 15 older adults"),
        ("Pack all pieces myself", "All pieces are packed by me alone"),
        ("Moved rugs in one weekend", "Moved rugs, all within a weekend"),
        ("Took $2 in sales and noted it", "Took $2 in sales, all of it noted"),
        ("Cut boards, bagging the waste", "Cut boards, with all waste bagged"),
    ],
)
def test_a_scale_in_other_words_is_not(before: str, after: str) -> None:
    assert fired(boasts.scope, before, after) == set()


@pytest.mark.parametrize(
    ("before", "after", "token"),
    [
        ("Cut rejects at the mill", "Cut downtime at the mill", "downtime"),
        ("Rewrote the menu", "Rewrote the menu, raising revenue", "revenue"),
        ("Rewrote the menu", "Rewrote the menu, cutting costs", "costs"),
        ("Rewrote the menu", "Rewrote the menu, raising guests' satisfaction", "satisfaction"),
        ("Rewrote the menu", "Cut complaints by rewriting the menu", "complaints"),
        ("Rewrote the menu", "Rewrote the menu, raising productivity", "productivity"),
        ("Rewrote the menu", "Rewrote the menu for retention", "retention"),
        ("Saved €400 at the mill", "Saved €400 of profit at the mill", "profit"),
        ("Moved the queue", "Moved the queue, lowering latency", "latency"),
        ("Locked the door", "Closed vulnerabilities of the door", "vulnerabilities"),
        ("Fed cooks", "Ran recruitment of cooks", "recruitment"),
        ("Cut wood at the mill", "Cut electricity at the mill", "electricity"),
        ("Reescribí la carta", "Reescribí la carta y subí las ventas", "ventas"),
        ("Met guests", "Raised loyalty of guests", "loyalty"),
        ("Sold tins", "Cut prices of tins", "prices"),
    ],
)
def test_another_outcome_than_the_bullets_is_refused(before: str, after: str, token: str) -> None:
    assert fired(boasts.outcomes, before, after) == {("outcome", token)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Cut rejects at the mill", "Cut defects at the mill"),
        ("Rewrote the menu and sold more", "Rewrote the menu, raising sales"),
        ("Spent €400 less at the mill", "Cut costs by €400 at the mill"),
        ("Rewrote the menu to save waste", "Rewrote the menu, cutting waste and costs"),
        ("Rewrote the menu after a survey", "Raised satisfaction in the survey with a new menu"),
        ("Made the mill efficient", "Raised efficiency of the mill"),
        ("Kept guests returning", "Raised guest retention"),
        ("Made the queue faster", "Lowered latency of the queue"),
        ("Locked the insecure door", "Closed vulnerabilities of the door"),
        ("Hired cooks", "Ran recruitment of cooks"),
        ("Cut power at the mill", "Cut electricity at the mill"),
        ("Kept NPS rows", "Kept net penalty score rows"),
        ("Rewrote the menu", "Rewrote the menu"),
        ("Met guests at the loyalty desk", "Served the loyalty desk"),
        ("Marked tins down", "Cut prices of tins"),
    ],
)
def test_the_same_outcome_in_other_words_is_not(before: str, after: str) -> None:
    assert fired(boasts.outcomes, before, after) == set()


def test_an_outcome_of_the_entrys_title_may_be_named() -> None:
    before, after = "Fed cooks", "Fed cooks for recruitment"
    assert fired(boasts.outcomes, before, after, frame="Recruitment trainee") == set()
    assert fired(boasts.outcomes, before, after, sibling="Ran recruitment") == {("outcome", "recruitment")}
