"""Words that a sentence of a summary may not hold, because nothing in the facts could bear them out.

A word that ends in `*` stands for all that begin with it. What is named here by mistake costs a sentence; what is
missing costs the truth.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


def pattern(text: str) -> re.Pattern[str]:
    """Return what finds any of the words."""
    words = "|".join(word.replace("*", "[a-z]*") for word in text.split())
    return re.compile(rf"\b(?:{words})\b", re.IGNORECASE)


UP: Final = pattern(
    "up upward* rise* rising rose risen increas* grew grow* improv* climb* surg* jump* soar* rebound* recover* boost*"
    " strengthen* uptick* upturn* advanc* escalat*"
    " accelerat* swell* swelled widen* expand* exceed* surpass* more higher greater larger better bigger"
)
DOWN: Final = pattern(
    "down downward* fall* fell fallen declin* decreas* drop* reduc* slip slips slipped slipping dip dips dipped dipping"
    " slid slide* shrank shrink* shrunk plung* slump* tumbl* sank sink* weaken* eased contracted lost loss"
    " losses less lower* fewer smaller worse* shortfall* downturn* slow slowed slower slowing"
)
SAME: Final = pattern("same unchanged stable steady steadily flat constant constantly static stagnat* unaltered")

_COUNTS: Final = (
    "zero nil one ones two twos three threes four fours five fives six sixes seven sevens eight eights nine nines ten"
    " tens eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twent* thirt* fort[iy]*"
    " fourt[iy]* fift[iy]* sixt[iy]* sevent[iy]* eight[iy]* ninet[iy]* hundred* thousand* million* billion*"
    " lakh* lac lacs crore* dozen* score scores once twice thrice"
)
_ORDINALS: Final = (
    "first firstly second secondly third thirdly thirds fourth fourths fifth fifths sixth sixths seventh sevenths"
    " eighth eighths ninth ninths tenth tenths eleventh twelfth twentieth hundredth* thousandth*"
)
_PARTS: Final = (
    "half halve* halving quarter* double* doubling doubly dual triple* tripling triply treble* trebling quadrupl*"
    " quintupl* [a-z]+fold couple* pair* trio single singly sole solely lone percent* cent pct rupee* rs inr lpa"
)
_AMOUNTS: Final = (
    "all every everyone everybody everything each both most mostly majority minority many much few handful bulk lot"
    " lots plenty numerous countless none nobody nothing entire entirely whole wholly almost nearly approximately"
    " roughly about around some somewhat only just barely hardly scarcely"
)

NUMBER_WORDS: Final = pattern(f"{_COUNTS} {_ORDINALS} {_PARTS} {_AMOUNTS}")
JUDGEMENTS: Final = pattern(
    "best worst lowest strongest weakest largest smallest biggest greatest fewest least top topmost topped topping"
    " leading leader* ahead behind record records peak* minimum* unprecedented outstanding exceptional* excellent*"
    " remarkabl* impressive* stellar historic* phenomenal* dramatic* significant* sharp* strong* weak weakly weakness*"
    " weaker poor* good great high highly low solid* robust* healthy encouraging* disappoint* excit* extraordinar*"
    " superb* brilliant* proud* success* unique* notabl* outperform* underperform* lag* trail* beat* above below beyond"
    " prominent* dominat* popular* vast overwhelm*"
)
CAUSES: Final = pattern(
    "because due owing thanks result resulted resulting cause* causing led lead leads driven drive* drove driving"
    " attribut* reflect* therefore thus hence thereby consequen* stem* explain* contribut* influenc* impact* affect*"
    " enabl* helped helping reason* account* fuel* spur* prompt* since(?!\\s+(?:the\\s+)?(?:previous|last|season|#))"
)
FORECASTS: Final = pattern(
    "will would shall should could may might must can expect* predict* forecast* project* anticipat* recommend*"
    " suggest* likely unlikely probabl* possibl* hope* aim* target* promis* potential* indicat* signal*"
)
ADDRESSES: Final = re.compile(r"\b\w[\w-]*\.[a-z]{2,}\b|://", re.IGNORECASE)
NEGATIONS: Final = pattern(
    "not no never neither nor without cannot [a-z]+n't fail* unable lack* miss missed missing await* yet seek* still"
    " unplaced unselected unsuccessful* unemploy* jobless reject* refus* withdr* except* exclud* other others rather"
    " instead rest remaining remainder wait*"
)

OPENERS: Final = frozenset(
    " ".join(
        (
            "a an the this that these those their its it they there here such in on at by of for from with within",
            "without during over across among amongst between against beside besides along alongside as after before",
            "through throughout to under up down per and but also while whereas when where which who meanwhile",
            "moreover furthermore additionally overall together altogether finally next then further likewise",
            "similarly meantime compared comparing relative counting counted including measured taken looking turning",
            "seen given placement placements placed student students candidate candidates applicant applicants",
            "application applications applied registered registration registrations company companies recruiter",
            "recruiters employer employers organisation organisations organization organizations firm firms offer",
            "offers offered package packages median mean average pay salary salaries compensation internship",
            "internships intern interns pre-placement ppo ppos shortlisted shortlist shortlists shortlisting",
            "interviewed interview interviews interviewing selection selections recruitment recruiting hiring hires",
            "branch branches department departments skill skills demand vacancy vacancies position positions opening",
            "openings job jobs role roles season seasons year cohort batch class campus college participation",
            "conversion conversions rate rates share figures figure numbers number data results result outcome",
            "outcomes change changes year-on-year branch-wise skill-wise yearly annual several multiple visiting",
            "participating eligible holders holding vacancy-wise final more fewer less higher lower",
        )
    ).split()
)
"""Words a sentence may begin with: there a capital would hide a name, and no list holds all names."""

RULES: Final[Mapping[str, re.Pattern[str]]] = {
    "number-word": NUMBER_WORDS,
    "judgement": JUDGEMENTS,
    "cause": CAUSES,
    "forecast": FORECASTS,
    "address": ADDRESSES,
}
"""What no sentence may hold; negations and directions are held against the placeholders of their sentence."""


@dataclass(frozen=True, slots=True)
class Naming:
    """How a sentence has to name a figure: the word that is asked for, and all that are taken."""

    asked: str
    taken: re.Pattern[str]


def _naming(asked: str, others: str) -> Naming:
    return Naming(asked, pattern(f"{asked} {others}"))


_PLACED: Final = _naming("placed", "place* placement*")

NAMED_BY: Final[Mapping[str, Naming]] = {
    "registered": _naming("registered", "register* student* enrol* cohort batch"),
    "applied": _naming("applied", "appl*"),
    "placed": _PLACED,
    "placement_rate": _PLACED,
    "applicant_rate": _PLACED,
    "median_package": _naming("median", ""),
    "mean_package": _naming("mean", "average"),
    "highest_package": _naming("highest", "maximum"),
    "companies": _naming("companies", "company recruiter* employer* organi*"),
    "offers": _naming("offers", "offer*"),
    "offered": _naming("offers", "offer*"),
    "several_offers": _naming("several", "multiple"),
    "shortlisted": _naming("shortlisted", "shortlist*"),
    "interviewed": _naming("interviewed", "interview*"),
    "never_shortlisted": _naming("shortlisted", "shortlist*"),
    "interns": _naming("internship", "intern*"),
    "ppo_conversion": _naming("PPO", "PPOs pre-placement conver*"),
}
"""By placeholder: no figure may be told as another one. A change is named as what changed, branches name themselves."""

BELONGS_TO: Final[Mapping[re.Pattern[str], str]] = {
    pattern("median*"): "median",
    pattern("mean means average*"): "mean",
    pattern("highest maximum*"): "highest",
}
"""Words that may stand only beside a placeholder whose id holds the given part."""

_APPLICANTS: Final = frozenset(
    {
        *("applied", "shortlisted", "interviewed", "never_shortlisted"),
        *("offered", "several_offers", "interns", "placed"),
    }
)

COUNTED_AS: Final[Mapping[re.Pattern[str], frozenset[str]]] = {
    pattern("student students people learner*"): _APPLICANTS | {"registered"},
    pattern("applicant* candidate*"): _APPLICANTS,
    pattern("intern interns"): frozenset({"interns"}),
    pattern("company companies recruiter* employer* firm firms organi*"): frozenset({"companies"}),
    pattern("offer offers"): frozenset({"offers"}),
}
"""What may be counted by the placeholder right before such a noun."""
