"""Turns of phrase that claim a role, an award or a scale."""

from __future__ import annotations

import re
from typing import Final

from aiworker.domain.cued import AnyOf, Index, cued


def _any(*parts: str) -> str:
    return "|".join(parts)


_PLACES: Final = _any(
    r"compan(?:y|ies)|organi[sz]ations?|hospitals?|industry|countr(?:y|ies)|nation|states?|regions?|cit(?:y|ies)",
    r"districts?|departments?|teams?|sites?|plants?|campus(?:es)?|schools?|colleges?|universit(?:y|ies)|branch(?:es)?",
    r"business(?:es)?|world|globe|markets?|continents?|units?|sectors?|faculty|faculties|offices?|wards?|firm|groups?",
    r"networks?|centres?|centers?|stores?|shops?|warehouses?|products?|customers?|clients?|employees|users|engineers",
    r"empresas?|ciudad(?:es)?|red|país(?:es)?|compañía|grupo|cadena|sedes|tiendas|región|provincia|departamentos",
    r"organización|mundo|sector|plantas?|outlets?|studios?|disciplines|facilit(?:y|ies)|count(?:y|ies)|institutes?|homes?|buildings?|premises|estates?|boroughs?",
    r"laborator(?:y|ies)|labs?|hotels?|kitchens?|factor(?:y|ies)|stations?|villages?|lines of business|functions"
    r"|fábricas|puertos",
)
_MANY: Final = _any(
    r"countries|counties|states|regions|cities|towns|villages|districts|provinces|departments|sites|plants|schools|colleges",
    r"branches|offices|hospitals|stores|factories|continents|markets|universities|companies|clients|wards|campuses",
)
_TIMES: Final = r"(?:days?|weeks?|weekends?|months?|years?|\w+day)s?\b"
_ALL_OVER: Final = _any(
    r"(?:across|throughout|all over|around)\s+(?:(?:the|all|every|whole|entire|several|multiple|both)\s+)*",
    r"(?:for|of|in|at|to|by|from|with)\s+(?:all|every|each|(?:the )?whole|(?:the )?entire)\s+(?:of\s+)?(?:the\s+"
    r"|our\s+)?",
    r"poor[ea]\s+",
)
ACROSS: Final = cued(rf"\b(?:{_ALL_OVER})(?:\w+\s+){{0,2}}?({_PLACES})\b", re.IGNORECASE)
"""Everywhere: the group is the place, which the source may name."""
REACH: Final = AnyOf(
    r"\bmulti-?(?:cent(?:re|er)|site|country|region|national|state|city)\w*",
    r"\b(?:chain|network) of\b|\bgroup of\b(?! (?:\d+|two|three|four|five|six|seven"
    r"|eight|nine|ten|twelve|twenty|older|young|people|students|children|pupils|patients|residents|visitors)\b)",
    r"\bfrom scratch\b|\bas the (?:main|sole|only) \w+",
    r"\b(?:on behalf of|for) an? (?:ministry|government|bank|multinational)\b|\bmember of an? board\b",
    r"\b(?:largest|biggest|busiest|top-selling|most visited|con más(?! de)|líder)\b",
    r"\bkonzernweit\w*|\b(?:at|en) (?:gran |large |full )?scale\b",
    r"\b(?:county|district|region|country|nation|chain|industry|group|state|faculty|university)['’]s\b",
    r"\b(?:hotel|restaurant|retail|store|hospital|shop|school) (?:chain|group)\b|\b(?:del|el) grupo\b",
    r"\b(?:whole|entire|full|complete) (?:\w+ )?(?:county|slate|estate|portfolio|range|chain|institute|plant"
    r"|fleet|city|campus|site|holdings|collection|archive|catalogue"
    r"|district|region|organi[sz]ation|department|company|school|network|country)\b",
    r"\b(?:major|massive|vast|huge|countless|extensive|widespread|sweeping|nation's|principales)\b",
    r"\b(?:rolled out|adopted|implantad[oa]|extended|copied|taken up) (?:\w+ )?(?:by|to|in|across|en) (?:\w+ )?"
    r"(?:all|every|other|the other|the rest|partner|las demás|los demás|whole)\b",
    r"\b(?:partner|sister|neighbouring|neighboring) (?:hospitals?|schools?|companies|sites|plants|colleges"
    r"|firms)\b",
    r"\btod[oa]s?\s+(?:el|la|los|las)\s+(?!d[ií]as?\b|mes|semana|año|noche|mañana|tarde|turno|que\b)\w+",
    r"\b(?:several|multiple|many|numerous|neighbou?ring|surrounding|additional|further|adjacent) "
    rf"(?:{_MANY})\b",
    rf"\b(?:all|every) other (?!{_TIMES})\w+|\bthe rest of the \w+",
    r"\b(?:state|national|district|country|city|university|college|inter-?college|regional|zonal)[- ]level\b",
    r"\b(?:at|on) (?:an? )?(?:industrial|commercial|large|production|national|global|massive) scale\b",
    r"\b(?:large|leading|blue-chip|top-tier|global|big) (?:\w+ )?(?:corporates?|groups|corporations"
    r"|enterprises|multinationals)\b",
    r"\bcross-(?:border|country|regional|industry|continental)\b",
    r"\b(?:in|of|across) the (?:region|country|district|county|state|province|nation|industry|continent)\b",
    r"\bboard of directors\b",
    r"\ball (?:the )?shifts\b|\bfinal say\b|\blast word\b",
    r"\b(?:up and down the|the length and breadth)\b",
    r"\ba nivel (?:de|nacional|mundial|internacional|global)\b|\ben producción\b",
    r"\b(?:infraestructura|misión) crítica\b|\bcritical infrastructure\b",
    flags=re.IGNORECASE,
)
CLOCK: Final = cued(r"\b(?:a?round[ -]the[ -]clock|24\s?[/x×]\s?7|day and night)\b", re.IGNORECASE)
"""At all hours."""
SEVERAL: Final = cued(
    r"\b(?:several|many|multiple|numerous|some|a few|a couple of|varios|muchos)"
    r" (dozen|hundred|thousand|lakh|lac|crore|million|billion|millones)\b",
    re.IGNORECASE,
)
"""How much it is, without a figure."""
PEOPLE: Final = cued(
    r"\b(?:manag|supervis|overs[ae]|direct|coordin|dirig|gestion|guid|mentor|coach|advis|instruct|delegat)\w*\s+(?!by\b|from\b)(?:[\w'’-]+\s+){0,3}?"
    r"(team|teams|engineers|developers|people|staff|colleagues|juniors|interns|members|employees|workers|squad|equipo|students?|trainees?|volunteers|helpers|apprentices?|crew|nurses?|teachers?|operators?|clerks?|cooks?|guards?|porters?|carers?|fitters?|electricians?|mechanics?|welders?|cleaners?|waiters?|officers?|freelancers?|players?|assistants|supervisors?|managers?|drivers|leaders?|intern|junior|engineer|developer|colleague|technicians?)\b",
    re.IGNORECASE,
)
"""Leading people; the group is who they are."""
GUIDED: Final = cued(
    r"\b(?:supervis|guid|mentor|coach|instruct|delegat)(?:e|ed|es|s|ing|ted|ting|tes)?"
    r"\s+(?:(?!by\b|from\b)[\w'’-]+\s+){0,3}?"
    r"((?!(?:three|over|under|after|other|her|per|were|there)\b)[a-z]+(?:ers?|ists?|ians?|ants?|ees?|tors?))\b",
    re.IGNORECASE,
)
"""The same, of whoever does something; the group is who they are."""
ROLES: Final = tuple(
    cued(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:project|product|team|programme|program|line|delivery|engineering) (?:manager|lead(?:er)?|head)\b",
        r"\bapprov(?:e[sd]?|ing)\b",
        r"\b(?:r[ua]n|running|head(?:ed|ing)?) (?:an?|the|our) (?:(?!(?:with|of)\b)[\w'’-]+ ){0,4}?"
        r"(?:team|crew|staff|squad|gang|department|section|division|unit|branch)\b",
        r"\b(?:al frente|jef[ea]) de\b|\bme hice cargo\b|\basumí\b",
        r"\b(?:at the helm|in charge of|took charge|(?:full|sole|overall|end-to-end) (?:responsibility|ownership))\b",
        r"\breport(?:ed|ing|s)? (?:in |directly )?(?:to|into) me\b",
        r"\bdeputi[sz]\w+\b|\baccountable for\b",
        r"\bpoint person\b|\bgo-to (?:person|contact|expert)\b|\bshowrunner\b",
        r"\bline[- ]?manag\w+|\bproject-?manag(?:ed|es|ing)\b",
        r"\bsign(?:ed|ing|s)?[ -]off\b|\bsanction(?:ed|ing) (?:the|all)\b",
        r"\b(?:executive|chief|senior|principal|managing|co-) ?(?:chef|producer|editor|engineer|officer|manager|partner"
        r"|lecturer|designer|analyst|director)\b",
        r"\bresponsible (?:lecturer|engineer|officer|person|manager|editor)\b",
        r"\b(?:instrumental|pivotal|masterminded|pioneer(?:ed|ing)|driving force)\b",
        r"\bdirecting (?:an?|the|two|three|four|five|\d+)\b",
        r"\bassisted by (?:an?|the|two|three|my|\d+)\b",
        r"\b(?:under|below|reporting to) me\b"
        r"|\bunder my (?:guidance|supervision|direction|leadership|mentorship|tutelage|wing)\b"
        r"|\b(?:art|stage|line)-(?:direct|manag)\w+|\bco-(?:led|managed)\b",
        r"\b\w+-in-chief\b|\bin command of\b|\bat the head of\b|\bdecision[- ]maker\b",
        r"\b(?:h[eo]ld(?:s|ing)?|t[ao]k(?:e|es|ing)|took|ha[ds]|have|with|assum\w+|bears?|bore|carr\w+)"
        r" (?:\w+ )?responsibility\b",
        r"\b(?:facilitat\w+|authori[sz](?:ed|es|ing|e)|moderat(?:ed|es?|ing|or))\b",
        r"\A(?:command|captain|skipper)s? (?:an?|the)\b",
        r"\bdecide[sd]? (?:on|about|whether|which|what|who)\b",
        r"\b(?:h[eo]ld(?:s|ing)?|ha[ds]|have|having|with|exercis\w+) (?:\w+ )?authority\b",
        r"\b(?:coordinat|organi[sz]|direct|plann?|schedul|allocat|overs[ae]|manag)\w* the (?:work|duties|tasks"
        r"|activities|efforts) of\b",
    )
)
"""Roles and what goes with them; each speaks for itself."""
ROLES_INDEX: Final = Index(ROLES)
_CLAUSE: Final = r"(?:\A\W*|[.;,:–—-]\s*|\b(?:and|also|i|was|were|then|have|y|e|&)\s+)"
MEANS: Final = cued(
    r"\b(?:using|via|based on|aided by|with the (?:help|aid) of|utili[sz]ing|employing|leveraging|applying|by means of"
    r"|used|usando|utilizando)\s+(?!(?:in|by|for|to|as|on|at|with|when|only)\b)((?:[\w'’-]+\s*){1,3})",
    re.IGNORECASE,
)
"""What something is done with."""
HELP: Final = cued(r"\b(?:help|aid|assistance|support)\b", re.IGNORECASE)
DOING: Final = re.compile(
    r"(?:perform(?:ed|s)?|carr(?:y|ied|ies) out|did|do|execut(?:ed?|es)|deliver(?:ed|s)?|represented"
    r"|conduct(?:ed|s)?|ran|run|manag(?:ed?|es)|coordinat(?:ed?|es)|organi[sz](?:ed?|es)|direct(?:ed|s)?|planned|led)\b",
    re.IGNORECASE,
)
"""What somebody did who did it himself."""
HELPING: Final = cued(r"\b(?:help|assist|support|aid|part|shadow|under)\w*\b", re.IGNORECASE)
WITH_HELP: Final = cued(
    r"\bwith (?:the )?(?:[\w'’-]+ ){0,3}?(?:help|support|assistance|aid)\b|\blent (?:\w+ )?support\b", re.IGNORECASE
)
"""Who has help does not give it."""
HELPED: Final = cued(
    _CLAUSE + r"(?:helped|helps?|helping|attend(?:ed|s|ing)?(?! by| (?:[\w-]+ ){0,2}?"
    r"(?:call-?outs?|calls|incidents|emergenc\w+|alarms?|breakdowns?|faults?|patients|customers|guests)\b)"
    r"|sat in on|assist(?:ed|s|ing)?|support(?:ed|s|ing)?"
    r"|join(?:ed|s|ing)? (?:in\b|the (?:[\w-]+ )?(?:team|rota|crew|group|committee|campaign|society|club)\b)"
    r"|t(?:ook|ak(?:e|es|ing)) part|participat(?:ed?|es|ing)|accompan(?:ied|ying)|observ(?:ed|ing)"
    r"|watch(?:ed|ing)(?! \d)|witness(?:ed|ing)|saw"
    r"|(?:was |been )?part of|contribut(?:ed?|es|ing) to(?:wards)?|shadow(?:ed|ing)|ayud[éoa]\w*|colabor[éoa]\w*"
    r"|apoy[éoa]\w*|particip[éoa]\w*)\b|\bunder (?:the )?(?:\w+ )?(?:supervision|guidance)\b",
    re.IGNORECASE,
)
"""What somebody did beside others."""
BESIDE: Final = cued(
    r"\b(?:saw|seen|see|watch\w*|witness\w*|view\w*|help\w*|assist\w*|support\w*|part|particip\w+|involv\w+|contribu\w+|shadow\w*"
    r"|supervision|supervised"
    r"|guidance|guided|alongside|together|team\w*|group|member|belong\w*|join\w*|collaborat\w+|aid(?:ed|ing)?|work(?:ed|ing|s)?"
    r"|attend(?:ed|s|ing)?\b(?! by)|observ\w*|follow\w*|present|sat in|under|shared|sharing|helper|lent|lend\w*|hand"
    r"|junto|equipo"
    r"|parte|trabaj\w+|form[éo]|took|serv(?:ed?|ing) (?:on|in|as|with)"
    r"|rota\w*|eas(?:ed|ing)|ayud\w+|colabor\w+|apoy\w+|acompañ\w+|accompan\w+|cooperat\w+"
    r"|assistance|assistant|as one"
    r" of)\b"
    r"|\b(?:went|go(?:es|ing)?) to\b|\bturn(?:ed|s|ing)? out (?:for|to)\b"
    r"|\b(?:went|go(?:es|ing)?|travel\w*|along) with\b|\bamong (?:those|the|\d+)\b|\bde la mano\b"
    r"|\bwith (?:\w+ ){0,4}?(?:seniors?|developers?|engineers?|colleagues?|managers?|officers?|nurses?"
    r"|others|peers?|staff|technicians?|postdocs?|students?|auditors?|designers?|chefs?|analysts?|teachers?|producers?)\b"
    r"|\bcon (?:el|la|los|las|un|una|otr[oa]s?|dos|tres|mi|mis)\b",
    re.IGNORECASE,
)
"""How a text may say so."""
OWN_WORDS: Final = re.compile(r"\b(?:part|supervision|guidance)\b", re.IGNORECASE)
"""What a team or a supervisor say as well."""
STRONG: Final = re.compile(
    r"(?:accompan|saw|see|watch|witness|view|help|assist|support|particip|involv|contribu|shadow|alongside|together|join|collaborat|aid|work|attend|observ"
    r"|shar|sat in|ayud|colabor|apoy|acompañ|cooperat|trabaj|as one of|took|serv)",
    re.IGNORECASE,
)
"""What says so by itself; a team or a supervisor may be the bullet's own."""
IN_CHARGE: Final = cued(
    _any(
        r"\b(?:responsible for|in[ -]charge of|(?:was|were|am) in charge|look(?:s|ed|ing)? after|t(?:ook|ak(?:es?"
        r"|ing)) care of|t(?:ook|ak(?:es?|ing)) over|handled the team)\b",
        r"\Ahandl(?:es?|ed|ing)\b|\A(?:ran|runs?|running) (?!\d)",
        r"\b(?:responsable de|encargad[oa] de|a cargo de|me (?:encarg|ocup)\w+|llev[éo]|llevaba|atend[íi]\w*)\b",
    ),
    re.IGNORECASE,
)
KEPT: Final = cued(
    r"\A(?:kept|keeps?|keeping|maintain\w*) (?:the |an? )?(?:[\w-]+ )?(?:accounts|books|ledgers?|budgets?|calendars?"
    r"|diar(?:y|ies)|rotas?|stock|inventory|database|website|register)\b",
    re.IGNORECASE,
)
"""What may as well be managed."""
RESPONSIBLE: Final = cued(r"\b(?:responsible for|in charge)\b", re.IGNORECASE)
TAUGHT: Final = cued(
    r"\b(?:train(?:ed|s|ing)?|taught|tutored|instructed|onboarded|teach(?:es|ing)?|show(?:ed|s|ing)|explain\w*|demonstrat\w+)\b"
    r"|\bprepar\w+ (?:\w+ )?(?:students|pupils|learners|candidates)\b",
    re.IGNORECASE,
)
LEARNT: Final = cued(r"\b(?:learn(?:ed|t|ing|s)?|studied)\b", re.IGNORECASE)
TEACHES: Final = re.compile(
    r"(?:taught|teach(?:es)?|trained|train|instructed|coached)\b(?! (?:in|under|as|with|at|by|on|for)\b)", re.IGNORECASE
)
"""What somebody did who knows, where the bullet says that he learnt."""
_TITLES: Final = _any(
    "(?:lead|chief|principal|head) [a-z]+",
    "instructor|producer|president|captain|foreman|secretary|treasurer|host|organi[sz]er|moderator|facilitator|lead",
    "leader|developer|manager|supervisor|head|trainer|coordinator|engineer|officer|analyst|designer|editor|chef",
    "teacher|nurse|technician|consultant|director|operator|photographer|accountant|auditor|planner|representative",
    "scientist|tutor|writer|author|architect|investigator|contact|owner|counsel|advocate|lawyer|attorney|solicitor",
    "barrister|doctor|surgeon|pharmacist|buyer|referee|umpire|coach|mentor|chair(?:man|woman|person)?|spokes\\w+",
    "expert|specialist|advis[eo]r|broker|dispatcher|warden|notary|charge hand|chargehand",
)
AS_ROLE: Final = cued(
    r"\b(?<!well )(?<!with )(?:[Aa]s|[Ww]as|[Ss]erved as|[Aa]cted as) (?:the |an? |our )?(?!part\b)"
    rf"((?:(?!(?:by|beside|for|to|under|alongside|with|near|I|who|\w+ing)\b)[\w'’-]+ ){{0,4}}?(?:{_TITLES}))\b"
    rf"|\A((?:[A-Z][a-z]+ )?(?i:{_TITLES}))(?= (?:of|for|to)\b)"
)
NEVER: Final = cued(r"\b(?:no|nil|zero|never|none|without|not)\b", re.IGNORECASE)
EACH: Final = re.compile(r"\b(?:all|every|each|entire|whole)\b", re.IGNORECASE)
UNHELPED: Final = cued(
    r"\bwithout (?:any )?(?:help|assistance|support)\b|\btheir own\b|\bmyself\b"
    r"|\bown (?:authority|initiative|account|responsibility)\b",
    re.IGNORECASE,
)
ALONE: Final = cued(
    r"\b(?:alone|by myself|on my own|sole|single-?handed(?:ly)?|independently|unaided|autonomously)\b", re.IGNORECASE
)
_SPAN: Final = (
    r"(?:days?|nights?|mornings?|evenings?|weeks?|weekends?|months?|quarters?|years?|hours?|minutes?|semesters?|terms?"
    r"|times?|shifts?|sprints?|single|half|quarter|few|summers?|winters?|springs?|autumns?|fortnights?|seconds?"
    r"|first|seasons?|(?:second|third|fourth|fifth|sixth|other|alternate)"
    r" (?:day|week|month|year|\w+day)s?|working|two|three|four|five|six|seven"
    r"|eight|nine|ten|twelve|\d+|\w+day)\b"
)
PARTICLE: Final = r"(?:them |it )?(?:into|off|on|up|down|out|over|back|away|around)\b"
"""What makes another verb of one: turned off."""
ALL: Final = cued(rf"\b(?:all|every|each|per|any|entire|whole)\b(?!\s+{_SPAN})", re.IGNORECASE)
UNIVERSAL: Final = cued(
    rf"\b(?:all(?! (?:\w+ed|made|done|built|drawn|sewn|written) (?:in|by|with|on|at|for|to)\b)"
    rf"(?! (?:over|within|inside|before|after|during|while|under|of it|of them)\b)"
    rf"|every|entire|whole|each(?= of (?:the|our|its)\b))"
    rf"\s+(?:(?:one of|of|the|its|our)\s+)*"
    rf"(?!{_SPAN}|(?:told|of|the|its|our|them|which|whom|these|those|from|to|in|on|at|by|with|and|for|that"
    rf"|who|way)\b)((?:(?!(?:and|or|every|all|each)\b)[\w'’-]+ ?){{1,4}})",
    re.IGNORECASE,
)
OVER: Final = cued(rf"\b(?:across|throughout|all over)\s+(?:the\s+)?(?!{_SPAN})([^\W\d_]+)", re.IGNORECASE)
"""How a text reaches further: every one of them, all over a place."""
FIRST: Final = cued(r"\bnumber[ -]one\b|\bno\. ?1\b", re.IGNORECASE)
RANK: Final = cued(r"\b(?:\d+(?:st|nd|rd|th)|first|second|third|top)\b", re.IGNORECASE)
MEDAL: Final = cued(
    r"\b(?:(?:gold|silver|bronze)(?= medal)|(?:(?<=took )|(?<=won )|(?<=received )|(?<=achieved ))gold"
    r"|(?:(?<=took )|(?<=won ))silver)",
    re.IGNORECASE,
)
GAINED: Final = cued(
    r"\b(?:grants?|orders|funding|subsidy|contracts?|tenders?|bids?|selected|chosen|accepted|admitted)\b", re.IGNORECASE
)
"""What is won without being a prize."""
NO_AWARD: Final = cued(
    r"\b(awarded)(?= (?:an? |the )?(?:mark|grade|score)\b)|\b(won|winning) (?:back|over|new|repeat|\d+)\b"
    r"|(?:\A|\band |\bI )(recogni[sz]ed) (?!as\b|for\b|by\b|with\b)",
    re.IGNORECASE,
)
"""Won back, saw and recognised."""
PATENT: Final = cued(
    r"\b(?:granted|awarded|won|secured|obtained|received|earned|got|gained|holds?|holding|has|owns?|holder of)\b"
    r"(?: (?:an?|the|my|our|us|its|\d+|two|three|four|full|design|utility|indian)){0,3} patents?\b"
    r"(?! (?:fil|appl|search|pending|agent|office|attorney|committee|law))|\bpatented\b"
    r"|\bpatents? (?:\w+ ){0,2}?(?:granted|awarded|issued)\b(?! to\b)",
    re.IGNORECASE,
)
"""More than an application for one."""
HONOUR: Final = AnyOf(
    # The end of the year is no honour.
    r"\b(?!(?:end|start|beginning|close|rest|course|half|part|quarter|middle|first|last|days?|weeks?|months?|times?"
    r"|\w+day)\b)\w+ of the (?:year|month|quarter|week|season|semester)\b(?!-)",
    r"\bdel(?<!final del)(?<!fin del)(?<!cierre del)(?<!principio del) (?:mes|año)\b",
    r"\b(?:hackathon final|reconocimiento)\b",
    r"\bbest[ -](?!practice|fit|suited|possible|available|effort|of all)\w+",
    r"\b(?:commend(?:ed|ation)s?|shortlisted at|staff pick|homologad[oa]|record-breaking|quality badge"
    r"|nominated|runners?[ -]up)\b",
    r"\b(?:highest|fastest|lowest|youngest|most|best|largest|quickest)(?: \w+){0,2}? (?:of (?:all|any)|in the"
    r"|among|ever)\b",
    r"\bplac(?:ed|ing) (?:\w+ )?(?:first|second|third|1st|2nd|3rd|top)\b",
    r"\brated (?:as(?! high)|among|one of|the \w+(?:est|st)|best|top|highest)\b"
    r"|\bnamed (?:an?|the|as|one|\w+ of)\b",
    r"\bmore than any(?:one| \w+)\b|\bmost of (?:all|any)\b",
    r"\b(?:hold(?:s|ing)?|held|with) an? (?:[\w'’-]+ ){0,2}licen[cs]e\b",
    r"\bpre-?placement offer\b",
    r"\b(?:top|highest) (?:\w+ )?(?:grade|marks?|score)\b",
    r"\btop (?:in|of) the\b|\bstarred\b|\bprimer[ao]? clasificad[oa]\b",
    r"\btop (?:candidate|student|performer|rank(?:er)?|scorer|seller|agent|trainee|intern)s?\b",
    r"\b(?:judged(?! (?:by|on|from|to be|the|an?|how|whether|which|it|them|\d+))|voted|topp(?:ed|ing)|trending)\b",
    r"\bpublish\w*\b.{0,60}\b(?:papers?|journals?|conferences?|articles?|proceedings|ieee|springer|elsevier)\b",
    flags=re.IGNORECASE,
)
