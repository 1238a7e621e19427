"""Every figure is the bullet's own, none is lost, and each still counts what it counted, by the same time."""

from __future__ import annotations

from typing import Unpack

import pytest

from aiworker.domain.resume.guard import figures
from aiworker.domain.resume.guard.reading import Rewording
from tests.unit.domain.resume.guard.bullets import Parts, fired, refused, source


def rules(before: str, after: str, **parts: Unpack[Parts]) -> set[str]:
    return {rule for rule, _ in fired(figures.check, before, after, **parts)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Raised ₹12 lakh for the fund", "Raised ₹12,00,000 for the fund"),
        ("Raised ₹12 lakh for the fund", "Raised INR 1.2 million for the fund"),
        ("Raised Rs 12 lakhs for the fund", "Raised 12,00,000 rupees for the fund"),
        ("Raised 12 lakh for the fund", "Raised ₹12 lakh for the fund"),
        ("Offered 4 trainees 8 LPA", "Offered ₹8 lakh per annum to 4 trainees"),
        ("Raised 10 to 12 lakh", "Raised ₹10 lakh to ₹12 lakh"),
        ("Sold $50M+ of seeds", "Sold $50 million of seeds"),
        ("Sold 4k bags", "Sold 4,000 bags"),
        ("Cut waste by 40%", "Cut waste by 40 percent"),
        ("Cut waste from 4 % to 2 %", "Cut waste from 4 to 2 %"),
        ("Made it 3x faster", "Made it three times faster"),
        ("Made it 3x faster", "Tripled its speed"),
        ("Halved the waste", "Cut waste by 50 %"),
        ("Doubled the output", "Raised output by 100 %"),
        ("Packed two hundred and fifty boxes", "Packed 250 boxes"),
        ("Packed 250 boxes", "Packed two hundred and fifty boxes"),
        ("Vendí mil quinientos libros para la tienda", "Vendí 1.500 libros para la tienda"),
        ("Paanch logon ki team mein kaam kiya", "5 logon ki team mein kaam kiya"),
        ("Won second prize of the fair", "Won 2nd prize of the fair"),
        ("Ran the second trial of the pump", "Ran the trial of the pump"),
        ("Trained one nurse in 3 days", "Trained a nurse in 3 days"),
        ("Answered within one working day", "Answered within a day"),
        ("Served 40 ms at p99", "Served p99 of 40 ms"),
        ("Packed no boxes wrongly", "Packed zero boxes wrongly"),
        ("Grew CGPA to 8.40", "Grew CGPA to 8.4"),
        ("Facturé 48.000 euros", "Facturé 48000 €"),
        ("Weighed 48.000 kg", "Weighed 48 kg"),
        ("Passed 9 in 10 pupils", "Passed 90 % of pupils"),
        ("Passed 90 % of pupils", "Passed 9 out of 10 pupils"),
        ("Cut it from 120 to 25 min", "Cut it from 120 min to 25 min"),
        ("Paid CHF 400 for seeds", "Paid 400 CHF for seeds"),
        ("Paid R400 for seeds", "Paid ZAR 400 for seeds"),
        ("Baked with 0 burns", "Baked without burns"),
        ("Baked without burns", "Baked with zero burns"),
        ("Baked with 0 burns", "Baked with 0 % burnt"),
        ("Sang twice at 3 fairs", "Sang 2 times at 3 fairs"),
        ("Kept grade 7 papers", "Kept grade VII papers"),
        ("Cut it by a third", "Cut it by 33 %"),
        ("Baked two-thirds of the loaves", "Baked 67 % of the loaves"),
        ("Baked 3/4 of the loaves", "Baked 75 % of the loaves"),
        ("Took an hour and a half", "Took 90 minutes"),
        ("Took 1 h 20 min", "Took 80 minutes"),
        ("Took three-quarters of an hour", "Took 45 minutes"),
        ("Filed it in triplicate", "Filed 3 copies"),
        ("Came twenty-first of 40", "Came 21st of 40"),
        ("Did it within an hour", "Did it within 60 minutes"),
        ("Did it within a year", "Did it within 12 months"),
        ("Grew it by half a percent", "Grew it by 0.5 %"),
        ("Laid 9½ m of pipe", "Laid 9.5 m of pipe"),
        ("Sold both lots", "Sold the two lots"),
        ("Ran it in 2023-24", "Ran it in 2023-2024"),
        ("Ran it in FY 24", "Ran it in 2024"),
        ("On call 24/7", "On call 24 hours a day, seven days a week"),
        ("Carried 9 quintals", "Carried 900 kg"),
        ("Worked shifts (17)", "Worked 17 shifts"),
        ("Took 5 min 40 s", "Took 340 seconds"),
        ("Took 340 seconds", "Took 5 minutes and 40 seconds"),
        ("Took a quarter-hour", "Took 15 minutes"),
        ("Cut half a millimetre", "Cut 0.5 mm"),
        ("Carried half a kilo of rice", "Carried 0.5 kg of rice"),
        ("Raised half a million", "Raised 500,000"),
        ("Told it a fortnight ahead", "Told it two weeks ahead"),
        ("Told it a year in advance", "Told it 12 months in advance"),
        ("Found that a quarter sang", "Found that 25 % sang"),
        ("Fed cooks, of whom a third sang", "Fed cooks, of whom 33 % sang"),
        ("Burnt a fifth fewer loaves", "Burnt 20 % fewer loaves"),
        ("Fed 8 cooks, 4 of whom sang", "Fed 8 cooks, half of whom sang"),
        ("Fed 8 cooks, 2 of them singing", "Fed 8 cooks, 25 % of them singing"),
        ("Paid 50p a bag", "Paid £0.50 a bag"),
        ("Paid 50 pence a bag", "Paid 50p a bag"),
        ("Paid 40 cents a bag", "Paid $0.40 a bag"),
        ("Paid 40 cents a bag", "Paid €0.40 a bag"),
        ("Paid 40 paise a bag", "Paid ₹0.40 a bag"),
        ("Paid 40 pounds for rice", "Paid £40 for rice"),
        ("Sown 05/2025", "Sown in May 2025"),
        ("Open at 9:00", "Open at 9 am"),
        ("Shut at 17:00", "Shut at 5 p.m."),
        ("Sewed covid masks", "Sewed COVID-19 masks"),
        ("Sewed covid-19 masks", "Sewed masks for covid"),
        ("Filed lists in both halls", "Filed lists in the 2 halls"),
        ("Pumped down to 2 × 10^-10 mbar", "Pumped down to 2e-10 mbar"),
        ("Grew 3 x 10^6 cells", "Grew 3 × 10⁶ cells"),
        ("Paid $2,400 for rice", "Paid 2,400 US dollars for rice"),
        ("Held 2,000 N", "Held 2 kN"),
        ("Sampled it at 1 kHz", "Sampled it at 1,000 Hz"),
        ("Broke at 17.2 MPa", "Broke at 17.2 N/mm²"),
        ("Closed it with 0.12 ns", "Closed it with 120 ps"),
        ("Cut to 0.1 mm", "Cut to a tenth of a millimetre"),
        ("Sang for 75 minutes", "Sang for an hour and a quarter"),
        ("Walked a 2.5-mile path", "Walked a two-and-a-half-mile path"),
        ("Built a 10 ft by 12 ft shed", "Built a 10' x 12' shed"),
        ("Ran 10 km", "Ran a 10K race"),
        ("Cut it to 20 minutes", "Cut it to a third of an hour"),
        ("Grew it in 14 months", "Grew it in a year and two months"),
        ("Kept 12 months of notes", "Kept a year of notes"),
        ("Wrote it down every 30 minutes", "Wrote it down at half-hourly intervals"),
        ("Wrote it down every 30 seconds", "Wrote it down twice a minute"),
        ("Wrote it down every 6 hours", "Wrote it down four times a day"),
        ("Packed 900 bags per hour", "Packed 15 bags per minute"),
        ("Cut waste from 8 % to 3 %", "Cut waste from eight in a hundred to three in a hundred"),
        ("Kept errors below 0.5 %", "Kept errors below one in 200"),
        ("Found a quarter of them small", "Found one in four of them small"),
        ("Split it 65:35", "Split it 65 % to 35 %"),
        ("Taught 18 of the 24 cooks", "Taught 18 of the 24 cooks, 75 %"),
        ("Raised it from 61 % to 83 %", "Raised it by 22 points, from 61 % to 83 %"),
        ("Raised it from 35 % to 72 %", "More than doubled it, from 35 % to 72 %"),
        ("Cut it from 22 % to 13 %", "Nearly halved it, from 22 % to 13 %"),
        ("Grew it from 500 ml to 5 l", "Grew it tenfold, from 500 ml to 5 l"),
        ("Taught classes XI and XII", "Taught classes 11 and 12"),
        ("Open from 2:30 p.m.", "Open from 14:30"),
        ("Charged 37 rooms twice", "Charged 37 rooms double-posted"),
        ("Raised KSh 45,000", "Raised 45,000 Kenyan shillings"),
        ("Spent NGN 185,000", "Spent ₦185,000"),
        ("Paid S$40", "Paid 40 Singapore dollars"),
        ("Paid $40", "Paid A$40"),
        ("Ran a club for under-fives", "Ran a club for children under five"),
        ("Ran a club for under-fives", "Ran a club for under-5s"),
        ("Calls fell by a third", "Saw a drop of a third in calls"),
        ("Reused nine tenths of the flour", "Reused 90 % of the flour"),
        ("Paid back in 5 years 3 months", "Paid back in 63 months"),
        ("Played 7,500 songs", "Played seven and a half thousand songs"),
        ("Wrote 120 orders", "Wrote a hundred and twenty orders"),
        ("Saved Tk 35,000", "Saved BDT 35,000"),
        ("Saved Tk 35,000", "Saved 35 thousand taka"),
        ("Ran a mesh of 1.8 million cells", "Ran a 1.8-million-cell mesh"),
        ("Sat 375 supervised clinical hours", "Filled 375 hours of clinics under supervision"),
        ("Fell from 4 days to 1 day", "Fell from four days to a single day"),
        ("Cleared debts that stood at €85", "Brought to zero debts that stood at €85"),
        ("Made char at 450 °C", "Made char at 450 deg C"),
        ("Opened at 7:45", "Opened at a quarter to eight"),
        ("Sat from 12:00 to 13:15", "Sat from noon to 1:15 pm"),
        ("Built a single-phase meter", "Built a 1-phase meter"),
        ("Raised ₹2½ lakh", "Raised ₹2,50,000"),
        ("Raised ₹3 1/2 lakh", "Raised ₹3.5 lakh"),
        ("Raised 4 1/2 lakh rupees", "Raised ₹4.5 lakh"),
        ("Grew 2½ million plants", "Grew 2.5 million plants"),
        ("Walked 6¼ miles", "Walked 6.25 miles"),
        ("Walked 12 ¾ miles", "Walked 12.75 miles"),
        ("Sold ¾ of the sacks", "Sold 75 % of the sacks"),
        ("Sold ⅓ of the sacks", "Sold 33 % of the sacks"),
        ("Sold ⅔ of the sacks", "Sold two-thirds of the sacks"),
    ],
)
def test_a_figure_in_another_notation_is_the_same(before: str, after: str) -> None:
    assert rules(before, after) == set()


@pytest.mark.parametrize(
    ("before", "after", "token"),
    [
        ("Packed 40 boxes", "Packed 45 boxes", "45"),
        ("Packed boxes", "Packed forty boxes", "forty"),
        ("Packed boxes", "Packed a dozen boxes", "dozen"),
        ("Packed boxes", "Packed boxes 30 % faster", "30 %"),
        ("Packed boxes", "Doubled the packed boxes", "Doubled"),
        ("Packed boxes", "Packed a million boxes", "million"),
        ("Packed boxes", "Packed one million boxes", "one million"),
        ("Packed boxes", "Packed boxes with zero errors", "zero"),
        ("Packed 40 boxes", "Packed 40 boxes in 2 weeks", "2"),
        ("Cut waste by 40%", "Cut waste by 40x", "40x"),
        ("Cut waste by 40%", "Cut waste by 40 bags", "40"),
        ("Sold $50M of seeds", "Sold €50M of seeds", "€50M"),
        ("Raised ₹12 lakh", "Raised ₹12 crore", "₹12 crore"),
        ("Doubled the output", "Raised output by 200 %", "200 %"),
        ("Cut it to 840 ms", "Cut it to 8.4 s", "8.4"),
        ("Won second prize", "Won first prize", "first"),
        ("Cut p99 to 40 ms", "Cut p99 to 40 ms for 98 users", "98"),
        ("Passed 9 in 10 pupils", "Passed 80 % of pupils", "80 %"),
        ("Passed 80 % of pupils", "Passed 9 in 10 pupils", "9"),
        ("Passed 3 in 300 pupils", "Passed 1 % of pupils", "1 %"),
        ("Paid CHF 400 for seeds", "Paid AED 400 for seeds", "AED 400"),
        ("Kept grade 7 papers", "Kept grade VIII papers", "VIII"),
        ("Cut it by a third", "Cut it by 25 %", "25 %"),
        ("Filed it in duplicate", "Filed 3 copies", "3"),
        ("Did it fast", "Did it within 60 minutes", "60"),
        ("Sold lots", "Sold two lots", "two"),
        ("Ran it in FY 24", "Ran it in 2025", "2025"),
        ("Took 5 min 40 s", "Took 540 seconds", "540"),
        ("Took a quarter-hour", "Took 25 minutes", "25"),
        ("Raised half a million", "Raised 50,000", "50,000"),
        ("Told it a fortnight ahead", "Told it three weeks ahead", "three"),
        ("Found that a quarter sang", "Found that 30 % sang", "30 %"),
        ("Fed 8 cooks, 4 of whom sang", "Fed 8 cooks, 75 % of whom sang", "75 %"),
        ("Fed 8 cooks, 2 % of whom sang", "Fed 8 cooks, 25 % of whom sang", "25 %"),
        ("Paid 50p a bag", "Paid £50 a bag", "£50"),
        ("Paid 40 cents a bag", "Paid £0.40 a bag", "£0.40"),
        ("Paid 40 euro cents a bag", "Paid $0.40 a bag", "$0.40"),
        ("Sown 05/2025", "Sown in 2026", "2026"),
        ("Sown 05/2025", "Sown 5 times in 2025", "5 times"),
        ("Shut at 17:00", "Shut at 6 pm", "6"),
        ("Sewed covid-19 masks", "Sewed 19 masks", "19"),
        ("Sold 40 sacks", "Sold £40 of sacks", "£40"),
        ("Grew 3 x 10^6 cells", "Grew 3 x 10^7 cells", "3 x 10^7"),
        ("Lost 11 sacks since 2021, three of which tore", "Lost 11 sacks since 2021, seven of which tore", "seven"),
        ("Ran 10 km", "Ran a 20K race", "20K"),
        ("Kept it cool", "Kept it at 40 °C", "40 °C"),
        ("Raised it from 61 % to 83 %", "Raised it by 25 points, from 61 % to 83 %", "25"),
        ("Raised it from 61 % to 83 %", "Raised it by 22 points, to 83 %", "22"),
        ("Raised it from 35 % to 62 %", "More than doubled it, from 35 % to 62 %", "doubled"),
        ("Cut it from 22 % to 13 %", "More than halved it, from 22 % to 13 %", "halved"),
        ("Packed 900 bags per hour", "Packed 25 bags per minute", "25"),
        ("Polled it every 30 seconds", "Polled it every 30 seconds and met 2 cooks a minute", "2"),
        ("Raised it from 61 % to 83 %", "Raised it from 61 % to 83 % with 22 cooks", "22"),
        ("Paid CAD 40", "Paid AUD 40", "AUD 40"),
        ("Spent NGN 185,000", "Spent KSh 185,000", "KSh 185,000"),
        ("Cleared drains", "Cleared drains with zero complaints", "zero"),
        ("Raised ₹2½ lakh", "Raised ₹2½ crore", "₹2½ crore"),
        ("Raised ₹3 1/2 lakh", "Raised ₹3 1/2 crore", "₹3 1/2 crore"),
        ("Grew 2½ thousand plants", "Grew 2½ million plants", "2½ million"),
        ("Walked 6¼ miles", "Walked 6¾ miles", "6¾"),
        ("Sold ¾ of the sacks", "Sold ⅔ of the sacks", "⅔"),
    ],
)
def test_a_figure_the_bullet_does_not_hold_is_refused(before: str, after: str, token: str) -> None:
    assert ("number", token) in fired(figures.check, before, after)


@pytest.mark.parametrize(
    ("before", "after", "token"),
    [
        ("Packed 40 boxes in 2 weeks", "Packed boxes in 2 weeks", "40"),
        ("Packed forty boxes", "Packed boxes", "forty"),
        ("Cut waste by 40 %", "Cut waste by 4 %", "40 %"),
        ("Won second prize", "Won a prize", "second"),
        ("Halved the waste", "Cut the waste", "Halved"),
        ("Raised ₹12 lakh", "Raised funds", "₹12 lakh"),
        ("Packed one million boxes", "Packed boxes", "one million"),
        ("Answered within one working day", "Answered fast", "one"),
        ("Baked with 0 burns", "Baked with burns", "0"),
        ("Passed 9 in 10 pupils", "Passed the pupils", "9"),
        ("Raised half a million", "Raised money", "half a million"),
        ("Took 5 min 40 s", "Took minutes", "5 min 40 s"),
        ("Fed 8 cooks, 4 of whom sang", "Fed 8 cooks who sang", "4"),
        ("Told it a fortnight ahead", "Told it ahead", "a fortnight"),
        ("Boiled 12 litres of stock before 12 noon", "Boiled stock before 12 noon", "12"),
    ],
)
def test_a_lost_figure_is_refused(before: str, after: str, token: str) -> None:
    assert ("number-dropped", token) in fired(figures.check, before, after)


def test_half_a_dozen_is_six() -> None:
    assert rules("Packed half a dozen boxes", "Packed six boxes") == set()
    assert rules("Packed six boxes", "Packed half a dozen boxes") == set()
    assert "number" in rules("Packed half a dozen boxes", "Packed a dozen boxes and six bags")


def severities(before: str, after: str, **parts: Unpack[Parts]) -> list[tuple[str, str]]:
    held = source(before, **parts)
    return [(found.rule, found.severity) for found in figures.check(held, Rewording.of(after, held))]


def test_a_figure_of_the_entrys_frame_is_noted_and_one_from_elsewhere_refused() -> None:
    after = "Packed boxes for a team of 7"
    assert severities("Packed boxes", after, frame="Trainee, team of 7") == [("number", "note")]
    assert severities("Packed boxes", after, sibling="Led a team of 7") == [("number", "note")]
    assert severities("Packed boxes", after, sibling="Wrote notes for 7 shops") == [("number", "violation")]
    assert severities("Packed boxes", after, elsewhere="Helped 7 shops") == [("number", "violation")]
    assert refused("Packed boxes", after, frame="Trainee, team of 7") == set()


@pytest.mark.parametrize(
    ("after", "sibling", "severity"),
    [
        ("Packed boxes for 85 riders", "Fed 85 riders", "note"),
        ("Packed boxes for 85 riders", "Fed eighty-five riders", "note"),
        ("Packed boxes for 85 riders", "Fed 85 cooks", "violation"),
        ("Packed boxes for Year 12 pupils", "Fed Year 12", "note"),
        ("Packed boxes for Year 12 pupils", "Fed 12 cooks for a year", "violation"),
    ],
)
def test_a_figure_that_another_bullet_tells_of_the_same_thing_is_noted(after: str, sibling: str, severity: str) -> None:
    assert severities("Packed boxes", after, sibling=sibling) == [("number", severity)]


@pytest.mark.parametrize(
    ("before", "after", "is_changed"),
    [
        ("Tested 30 pumps in 4 days", "Tested 30 pumps in 4 weeks", True),
        ("Tested 30 pumps in 4 days", "Tested 30 pumps over four days", False),
        ("Cut it to 840 ms", "Cut it to 840 s", True),
        ("Cut it to 840 ms", "Cut it to 840 milliseconds", False),
        ("Cut it to 840 ms", "Cut it to 0.84 s", False),
        ("Carried 2 km of pipe", "Carried 2 miles of pipe", True),
        ("Carried 2 km of pipe", "Carried 2,000 metres of pipe", False),
        ("Packed 2.5 tonnes", "Packed 2,500 kg", False),
        ("Packed 2 boxes in 2 days", "Packed 2 boxes for 2 days", False),
        ("Cut it from 120 to 25 min", "Cut it from 120 hours to 25 min", True),
        ("Ran 9 rounds", "Ran 9 days", True),
        ("Ran 9 rounds", "Ran rounds on 9 days", False),
        ("Ran 9 of them", "Ran 9 days", False),
        ("Carried 9 quintals", "Carried 9 tonnes", True),
        ("Laid 9 kl of water", "Laid 9,000 litres of water", False),
        ("Slept 2 fortnights", "Slept 4 weeks", False),
        ("Carried 40 kg of rice", "Carried 40 sacks", True),
        ("Carried 40 kg of rice", "Carried 40 kilos of rice", False),
        ("Used 40 litres of milk", "Used 40 churns of milk", True),
        ("Used 40 litres of milk", "Used 40-litre churns of milk", False),
        ("Walked 40 miles of path", "Walked 40 paths", False),
        ("Baked 40 loaves", "Baked 40 kilos", True),
        ("Baked 40 loaves", "Baked 40 kilos of loaves", False),
        ("Baked 40 loaves", "Baked 40 kg of bread", True),
        ("Mended 9 paths", "Walked 9 miles", True),
        ("Mended 9 paths", "Mended 9 miles of paths", False),
        ("Sold 40 m of rope", "Sold 40 metres of rope", False),
        ("Sold 40 m of rope", "Sold 40 km of rope", True),
        ("Cut half a millimetre", "Cut 0.5 cm", True),
        ("Pumped 2 megalitres", "Pumped 2,000 kl", False),
        ("Pumped 2 megalitres", "Pumped 2 kilolitres", True),
        ("Carried 40 pounds of rice", "Carried 40 lb of rice", False),
        ("Fed 3 cats aged 9", "Fed 3 cats of 9 years", False),
        ("Sang in the first month", "Sang in the first week", True),
        ("Sang at 9 am", "Sang at 9 p.m.", True),
        ("Sang at 9:30 am", "Sang at 9:30 pm", True),
        ("Sang from 9 am to 9 pm", "Sang from 9 a.m. until 9 p.m.", False),
        ("Sang at 9 pm", "Sang at 9 in the evening", False),
        ("Sang in the first month", "Sang in the opening month", False),
        ("Sang on the last day", "Sang in the last week", True),
        ("Sang on the last day", "Sang on the final day", False),
        ("Sang on day one", "Sang on the first day", False),
        ("Held 2,000 N", "Held 2,000 kN", True),
        ("Kept it at 40 °C", "Kept it at 40 °F", True),
        ("Kept it at 40 °C", "Kept it at 40 degrees Celsius", False),
        ("Kept it at 8 °C", "Kept it at 46.4 °F", False),
        ("Kept it at -20 °C", "Kept it at -4 degrees Fahrenheit", False),
        ("Turned a 5.5 kW motor", "Turned a 5.5 hp motor", True),
        ("Gave away 40 used glasses", "Gave away 40 second-hand glasses", False),
        ("Kept averages per minute of 9 pots", "Kept one-minute averages of 9 pots", False),
        ("Brewed 20 hl", "Brewed 2,000 litres", False),
        ("Brewed 20 hl", "Brewed 20 barrels", True),
        ("Tied 2 wheelchairs at four points", "Tied 2 wheelchairs at four points in 4 minutes", True),
        ("Tied four knots and sang for 4 hours", "Sang for four hours and tied 4 knots", False),
        ("Showed cooks the ovens in their trial week", "Showed cooks the ovens in their trial month", True),
        ("Showed cooks the ovens in their trial week", "Showed cooks the ovens in their week of trial", False),
        ("Sang for a 30-minute show", "Sang for a 30-second show", True),
        ("Built a hut of 5.4 m by 2.2 m", "Built a 5.4 x 2.2 m hut", False),
    ],
)
def test_a_unit_may_only_turn_into_one_of_its_family(before: str, after: str, *, is_changed: bool) -> None:
    assert rules(before, after) == ({"unit"} if is_changed else set())


@pytest.mark.parametrize(
    ("before", "after", "token"),
    [
        ("Packed 40 boxes a day", "Packed 40 boxes a week", "week"),
        ("Packed 40 boxes a day", "Packed 40 boxes", "no longer per day"),
        ("Packed 40 boxes", "Packed 40 boxes per day", "day"),
        ("Paid ₹5 lakh per annum", "Paid ₹5 lakh per month", "month"),
        ("Packed 40 boxes per crate", "Packed 40 boxes per truck", "per truck"),
        ("Packed boxes", "Packed boxes weekly", "week"),
        ("Baked 40 loaves on Mondays", "Baked 40 loaves daily", "day"),
        ("Cut 9 hedges biweekly", "Cut 9 hedges weekly", "week"),
        ("Audited 9 mills half-yearly", "Audited 9 mills yearly", "year"),
        ("Watered 9 pots every other day", "Watered 9 pots daily", "day"),
        ("Paid 40,000 p.m.", "Paid 40,000 per year", "year"),
        ("Baked 400 loaves in total", "Baked 400 loaves for each shop", "for each"),
        ("Baked 400 loaves altogether", "Baked 400 loaves apiece", "for each"),
        ("Kept AMC of 9 mills", "Kept annual care of 9 mills", "year"),
        ("Sang every Saturday", "Sang every weekday", "weekday"),
        ("Sang on Saturdays", "Sang at weekends", "weekend"),
        ("Sang at weekends", "Sang on weekdays", "weekday"),
        ("Sang one Saturday in a month", "Sang one Saturday in a year", "year"),
        ("Packed 25 bags a shift", "Packed 25 bags a day", "day"),
        ("Packed 25 bags a shift", "Packed 25 bags", "no longer per shift"),
        ("Met 30 cooks a month and 9 guests a week", "Met 30 cooks a week and 9 guests a week", "30 per week"),
        ("Baked 60 loaves every second Sunday", "Baked 60 loaves every Sunday", "every sunday"),
        ("Baked 60 loaves every other month", "Baked 60 loaves monthly", "month"),
        ("Saved $40 yearly", "Saved $40 a quarter", "quarter"),
        ("Raised $40 for lamps", "Raised $40 per season for lamps", "season"),
        ("Washed 18 cups a day after noon", "Washed 18 cups an hour after noon", "hour"),
        ("Baked 60 loaves every second Friday", "Baked 60 loaves weekly on Fridays", "weekly"),
        ("Sold 31 rugs", "Sold 31 rugs per stall", "per stall"),
        ("Took $40 from 5 guests", "Took $40 apiece from 5 guests", "for each"),
        ("Sang 5 songs a week of an hour each", "Sang 5 songs a month of an hour each", "month"),
        (
            "Wrote a fortnightly note for 640 readers on Fridays",
            "Wrote a weekly note for 640 readers on Fridays",
            "week",
        ),
        ("Baked 400 loaves a week in total", "Baked 400 loaves a week for each shop", "for each"),
    ],
)
def test_a_changed_new_or_lost_rate_is_refused(before: str, after: str, token: str) -> None:
    assert ("rate", token) in fired(figures.check, before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Packed 40 boxes a day", "Packed 40 boxes daily"),
        ("Packed 40 boxes a day", "Daily packed 40 boxes per day"),
        ("Packed 40 boxes per crate", "Packed crates, 40 boxes per crate"),
        ("Packed boxes daily", "Packed boxes"),
        ("Paid ₹5 lakh per annum", "Paid ₹5 lakh a year"),
        ("Served 40 requests/second", "Served 40 requests per sec"),
        ("Baked on Mondays", "Baked weekly"),
        ("Baked 40 loaves weekly", "Baked 40 loaves on Mondays"),
        ("Cut 9 hedges biweekly", "Cut 9 hedges every second week"),
        ("Audited 9 mills half-yearly", "Audited 9 mills twice a year"),
        ("Audited 9 mills half-yearly", "Audited 9 mills every six months"),
        ("Audited 9 mills twice a month", "Audited 9 mills semi-monthly"),
        ("Audited 9 mills every 3 months", "Audited 9 mills quarterly"),
        ("Watered 9 pots every other day", "Watered 9 pots on alternate days"),
        ("Paid 40,000 p.m.", "Paid 40,000 per month"),
        ("Closed at 9 p.m.", "Closed at 9 in the evening"),
        ("Kept AMC of 9 mills", "Kept annual maintenance contracts of 9 mills"),
        ("Baked 400 loaves in total", "Baked 400 loaves altogether"),
        ("Baked 400 loaves in total for each shop", "Baked 400 loaves for each shop"),
        ("Baked 400 loaves per oven in total", "Baked 400 loaves for each oven"),
        ("Baked 400 loaves", "Baked 400 loaves for each shop"),
        ("Packed 40 boxes per AWB", "Packed 40 boxes per bill"),
        ("Sang every Saturday", "Sang on Saturdays at weekends"),
        ("Sang at weekends", "Sang every weekend"),
        ("Sang on weekdays", "Sang on every weekday"),
        ("Packed 25 bags a shift", "Packed 25 bags per shift"),
        ("Packed 25 bags a shift", "Packed 25 bags in one shift"),
        ("Sang one Saturday a month", "Sang one Saturday in a month"),
        ("Sang one Saturday in a month", "Sang one Saturday per month"),
        ("Cared for 9 guests every 3 months", "Cared for 9 guests on a three-month schedule"),
        ("Cut the nightly job to 50 minutes", "Cut the overnight job to 50 minutes"),
        (
            "Brought 31 losses down to 9 a month with 14 lists every day",
            "From 31 to 9 monthly losses by 14 daily lists",
        ),
        ("Washed 18 cups a day after noon", "Washed 18 cups daily after noon"),
        ("Checked 9 logs every 6 months", "Checked 9 logs at six-monthly intervals"),
        ("Counted 9 halls over 5 weeks every Friday", "Counted 9 halls weekly, each Friday, over 5 weeks"),
        ("Took up to $40 per evening", "Had evening takings of up to $40"),
        ("Baked 90 loaves a morning", "Baked ninety loaves a morning"),
        ("Sang 5 songs a week of an hour each", "Sang five weekly songs of an hour each"),
        ("Cleaned 8 lines every 7 days", "Cleaned 8 lines weekly"),
        ("Checked 31 gates every 3 months", "Checked 31 gates at intervals of 3 months"),
        ("Counted 9 halls every May", "Counted 9 halls once a year in May"),
        ("Hatched 1.2 million brown trout eggs a season", "Hatched 1,200,000 brown trout eggs per season"),
        ("Gave 12 lessons a term", "Gave 12 lessons every term"),
        ("Listened 12 hours a day over 4 days", "Listened 12 hours on each day over 4 days"),
        ("Found 14 mg/L of salt", "Found 14 mg per litre of salt"),
        ("Lost 2 per 1,000 jars", "Lost two per thousand jars"),
        ("Sold 4 jars at $3 each", "Sold 4 jars at $3 apiece"),
        ("Checked 9 ovens twice a shift", "Did 2 checks of 9 ovens each shift"),
        ("Gave talks over 3 days, for 6 hours a day", "On 3 days, for 6 hours each, gave talks"),
        ("Read 32 gauges every 2 hours", "Took two-hourly readings of 32 gauges"),
        (
            "Taught 8 lessons of 90 minutes, together with a clerk",
            "With a clerk, taught 8 lessons lasting 90 minutes each",
        ),
        ("Checked 8 lamps every 60 seconds", "Checked 8 lamps once a minute"),
    ],
)
def test_the_same_rate_in_other_words_is_not(before: str, after: str) -> None:
    assert rules(before, after) == set()


def test_a_rate_of_a_thing_of_the_entry_may_be_told() -> None:
    before, after = "Met 40 runners", "Met 40 runners of the annual fun run"
    assert fired(figures.check, before, after, sibling="Raised money for the annual fun run") == set()
    assert ("rate", "year") in fired(figures.check, before, after, sibling="Raised money annually")


def test_a_rate_of_the_entrys_title_may_be_told() -> None:
    before, after = "Baked 40 loaves", "Baked 40 loaves daily"
    assert rules(before, after, frame="Daily baker") == set()
    assert rules(before, after, sibling="Swept daily") == {"rate"}


@pytest.mark.parametrize(
    ("before", "after", "is_swapped"),
    [
        ("Trained 12 nurses and 30 cooks", "Trained 30 nurses and 12 cooks", True),
        ("Trained 12 nurses and 30 cooks", "Trained 30 cooks and 12 nurses", False),
        ("Trained 12 nurses and 30 cooks", "Taught 12 nurses along with 30 cooks", False),
        ("Trained 12 nurses and 12 cooks", "Trained 12 cooks and 12 nurses", False),
        ("Cut waste from 4 % to 2 %", "Cut waste from 2 % to 4 %", True),
        ("Cut waste from 4 % to 2 %", "Cut waste to 2 % from 4 %", False),
        ("Cut waste from 4 % to 2 %", "Cut waste 4 % → 2 %", False),
        ("Cut waste 4 % → 2 %", "Cut waste 2 % → 4 %", True),
        ("Cut waste from 4 to 2 %", "Cut waste from 2 to 4 %", True),
        ("Bajé la merma del 4 % al 2 % para la tienda", "Bajé la merma del 2 % al 4 % para la tienda", True),
        ("Took 3 hours against 5 hours before", "Took 5 hours against 3 hours before", True),
        ("Took 3 hours against 5 hours before", "Needed 3 hours against 5 hours before", False),
        ("Took 3 hours against 5 hours before", "Cut from 5 hours to 3 hours", False),
        ("Sold 9 bags, 3 boxes and 5 books", "Sold 9 bags, 3 boxes and 5 books to 1 shop", False),
        ("Baked 9 of 12 loaves", "Baked 12 of 9 loaves", True),
        ("Loaves baked: 9 of 12", "Loaves baked: 12 of 9", True),
        ("Baked 9 of 12 loaves", "Baked 9 out of 12 loaves", False),
        ("Cut waste from 9 % to 4 %, then 2 %", "Cut waste from 9 % to 2 %, then 4 %", True),
        ("Cut waste from 9 % to 4 %, then 2 %", "Cut waste from 9 % to 4 % and then 2 %", False),
        ("Cut waste from 9 % to 4 %, 2 % of it late", "Cut waste from 2 % to 4 %, 9 % of it late", True),
        ("Cut waste 9 % to 4 %", "Cut waste 4 % to 9 %", True),
        ("Cut waste to 4 % from 9 %", "Cut waste from 4 % to 9 %", True),
        ("Open 5/7 to 8 guests", "Open to 8 guests from 5/7", False),
        ("Drove 9 km in 2 hours", "Drove 2 km in 9 hours", True),
        ("Served block 9 to 40 guests", "Served 9 guests in block 40", True),
        ("Took 9 minutes instead of 12", "Needed 9 minutes instead of 12 minutes", False),
        ("Sold 9 pots on 3 lawns", "Sold pots, 9 in all, on 3 lawns", False),
        ("Trained 12 nurses in March and 30 cooks in June", "Trained 12 cooks in June, 30 nurses in March", True),
        ("Trained 12 nurses in March and 30 cooks in June", "Trained 30 cooks in June, 12 nurses in March", False),
        (
            "Trained nurses (12) in Pune and fed cooks (30) in Goa",
            "Trained nurses (30) in Pune and fed cooks (12) in Goa",
            True,
        ),
        (
            "Trained nurses (12) in Pune and fed cooks (30) in Goa",
            "Fed cooks (30) in Goa and trained nurses (12) in Pune",
            False,
        ),
        ("Cut rust at the mill by 4 %, fed the loom by 9 %", "Cut rust at the mill by 9 %, fed the loom by 4 %", True),
        (
            "Cut rust at the mill by 4 %, fed the loom by 9 %",
            "Fed the loom by 9 % and cut rust at the mill by 4 %",
            False,
        ),
        (
            "Sold 9 tulips in spring, then 40 roses in autumn",
            "Sold roses in autumn, 40, after 9 tulips in spring",
            False,
        ),
        ("Fed 8 cooks, 4 of whom sang", "Fed 4 cooks, 8 of whom sang", True),
        ("Fed 8 cooks, 4 of whom sang", "Fed cooks, 8 of 4 singing", True),
        ("Fed 8 cooks, 4 of whom sang", "Fed cooks, 4 of 8 singing", False),
        ("Score grew to 69 from 61", "Score of 61 against 69", True),
        ("Score grew to 69 from 61", "Score of 69 against 61", False),
        ("Took 3 hours, under the 5 hours before", "Took 5 hours, under the 3 hours before", True),
        ("It weighs 34 kg and carries 120 kg", "It weighs 120 kg and carries 34 kg", True),
        ("Cut power by 28 % at an area cost of 4 %", "Cut power by 4 % at an area cost of 28 %", True),
        ("Tested 480 cooks in 4 days", "In 4 days of tests met 480 cooks", False),
        ("Lowered costs from $340 to $290 by lists", "Costs fell to $290 from $340 by lists", False),
        ("Used 2 KB of flash and 256 bytes of RAM", "Used 256 bytes of flash and 2 KB of RAM", True),
        (
            "Planned 14 halls with lists, cutting the mean percentage of waste from 31 % to 19 %",
            "Cut the mean percentage of waste of plans for 14 halls from 31 % to 19 % by lists",
            False,
        ),
    ],
)
def test_two_figures_may_not_change_places(before: str, after: str, *, is_swapped: bool) -> None:
    assert ("swap" in rules(before, after)) is is_swapped
