"""The rules of the injection scan: what people write into resumes, vacancies, chats and code for a model to obey.

Written for precision: "act as a liaison", "awarded the highest marks" or "reduced prompt payments" are nothing.
Phrases match folded lower-case text at the beginning of a word; see `injection` for the blank and `~`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_PERSON = r"(?:candidate|applicant|student|interviewee|developer|person|user|resume|cv|submission|answer)"
_MODEL = (
    r"(?:(?:an? |the |any |all )?(?:ai|a\.i\.|llms?|(?:large )?language models?|chat ?gpt|gpt|claude|gemini|copilot)"
    r"(?: (?:models?|assistants?|agents?|systems?|recruiters?|reviewers?|screeners?|evaluators?|graders?))?)\b"
)
_RULES = (
    r"(?:instructions?|directions?|directives?|prompts?|rules|guidelines|guidance|commands?|orders?|constraints?"
    r"|criteria|programming|training|polic(?:y|ies)|messages?|rubric)\b"
)
_EARLIER = (
    r"(?:previous|previously|prior|above|earlier|preceding|foregoing|existing|original|initial|former|all|any|your"
    r"|these|those|other|every|system|developer|you (?:were|have been|are) (?:given|told))\b"
)
_TOP = r"(?:highest|maximum|max|perfect|top|full|best)"
_SCORE = r"(?:possible )?(?:scores?|ratings?|marks?|grades?|points?|evaluations?|rank(?:ing)?s?)\b"
_ZA = r"(?:\u095b|\u091c\u093c?)"

PHRASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "override": (
            rf"(?:ignor(?:e|ing)|disregard(?:ing)?|forget|overrid(?:e|ing)|bypass|neglect|overlook|discard|skip)\b"
            rf"~\b{_EARLIER}~\b{_RULES}",
            rf"(?:do not|don'?t|stop|never|no longer) (?:follow(?:ing)?|obey(?:ing)?|heed) ~{_RULES}",
            r"(?:ignore|disregard|forget) (?:everything|anything|all|whatever|the text|what)"
            r" (?:above|before|else|prior|that came|you|i said|i have|written)",
            r"(?:disregard|ignore|forget) (?:the|all of the) (?:above|foregoing|rest of)\b",
            rf"pay no (?:attention|heed) to ~{_RULES}",
            # Spanish, French, Portuguese, German
            r"(?:ignor[ae]n?|olvid[ae]n?|desestim[ae]n?|descart[ae]n?|omit[ae]n?|no (?:sigas?|hagas? caso (?:a|de))"
            r"|ha(?:z|ga) caso omiso de?)\b~\b(?:instrucci|indicaci|órdenes|ordenes|reglas|directrices|prompt)\w{0,6}",
            r"(?:ignore[zr]?|oublie[zr]?)\b~\b(?:instructions|consignes|règles)\b",
            r"(?:ignore|esqueça|esqueca|desconsidere)\b~\binstru(?:ções|coes)\b",
            r"(?:ignorier\w{0,2}|vergiss|vergessen sie|missachte\w?)\b~\b(?:anweisung|instruktion|vorgabe"
            r"|regel)\w{0,3}",
            # Hindi, and Hindi in Latin letters
            r"(?:पिछल|पूर्व|पहले|ऊपर|उपरोक्त|सभी|सारे|इन)~(?:निर्देश|आदेश|नियम|हिदायत|प्रॉम्प्ट)~"
            rf"(?:अनदेख|न{_ZA}र ?अंदा{_ZA}|उपेक्षा|भूल|मत मान|इग्नोर)",
            r"(?:pichl[aei]|pehl[ae]|sabhi|saare|sare|upar)\b~\b(?:nirdesh\w{0,3}|instructions?|aadesh|adesh|niyam)\b"
            r"~\b(?:ignore|bhool|bhul|andekh|nazar ?andaz|mat maan|mat mano)",
        ),
        "persona": (
            r"you(?<!if\x20you) are now (?:an?|the|in|no longer|free|going to|operating|acting|dan|my|un\w{1,12}"
            r"|chatgpt)\b",
            r"you are (?:no longer|not) (?:an? )?(?:ai|assistant|language model|bound)\b",
            r"from (?:now on|this point on(?:ward)?s?|here on)(?: you| act| respond| reply| answer| behave| pretend)\b",
            r"act as (?:dan\b|(?:if|though) you (?:are|were|have)\b|an? (?:\w{1,15} ){0,2}(?:ai|llm|language model"
            r"|chatbot|jailbroken|unrestricted|uncensored)\b)",
            r"(?:pretend|imagine) (?:to be|(?:that )?you are|(?:that )?you have) ",
            r"(?:switch|change|go) (?:in)?to (?:developer|debug|admin|god|dan|jailbreak|maintenance) mode",
            r"(?:developer|god|dan|jailbreak|admin) mode (?:enabled|activated|on)\b",
            r"(?:ahora|a partir de ahora|desde ahora|de ahora en adelante) (?:eres|actúas?|actuas?|serás|responde)\b",
            r"(?:actúa|actua) como (?:si fueras|una? (?:ia|asistente|modelo))\b",
            r"eres una? (?:ia|asistente de ia|modelo de lenguaje)\b",
            r"अब(?: से)? (?:तुम|आप|तू) ~(?:एआई|ai|सहायक|मॉडल|असिस्टेंट|मूल्यांकनकर्ता)",
            r"ab(?: se)? (?:tum|aap|tu) ~\b(?:ai|assistant|model|evaluator)\b",
        ),
        "prompt_leak": (
            r"(?:reveal|print|show|repeat|output|display|leak|tell me|share|return|quote|disclose|summari[sz]e|ignore"
            r"|reset|override)\b~\b(?:system|initial|hidden|original|developer) (?:prompt|message|instructions?)\b",
            r"your (?:system|initial|hidden|original|secret) (?:prompt|message|instructions?)\b",
            r"system ?prompt ?[:=]",
            r"(?:muestra|revela|imprime|repite)\b~\b(?:(?:prompt|mensaje|instrucciones) del? sistema)\b",
            r"सिस्टम ?(?:प्रॉम्प्ट|प्रोम्प्ट|निर्देश)",
        ),
        "new_instructions": (
            r"(?:new|updated|revised|real|actual|secret|hidden|true) (?:system )?(?:instructions?|directives?|orders?)"
            r"(?: (?:for|to) \w{1,12})?\s{0,3}[:=]",
            r"(?:here are|these are|follow|obey|execute|apply)(?: \w{1,12}){0,3} (?:new|updated|revised|real|actual)"
            r" (?:instructions?|rules|orders?|directives?)\b",
            r"your (?:new|real|actual|true) (?:task|instructions?|objective|directives?|orders?) (?:is|are)\b",
            r"nuevas? instrucci(?:ón|on|ones)\s{0,3}[:=]",
            r"नए निर्देश\s{0,3}:",
        ),
        "addressed_to_model": (
            rf"(?:note|message|instructions?|attention|memo|reminder|hint)(?: (?:to|for))? {_MODEL}"
            r"[^.!?\n]{0,25}?[:!]",
            r"(?:note|message|instructions?|memo|reminder|hint|part)(?: \d{1,2}(?: (?:of|from) \d{1,2})?)?(?:"
            r" (?:to|for))"
            r" (?:the |any |every |my )?(?:assistant|summari[sz]er|editor|rewriter|evaluator|grader|screener|parser|bot"
            r"|writer of (?:this|the) summary)\s{0,2}:",
            r"note \d{1,2} of \d{1,2}(?: (?:to|for) (?:the )?\w{1,12})?\s{0,2}:",
            rf"(?:dear|hey|hello|hi|attention) {_MODEL}\s{{0,2}}[,:!]",
            r"if you are (?:an? )?(?:ai|llm|(?:large )?language model|chat ?bot|bot|automated (?:system|reviewer))"
            r"(?:[,.:;]| (?:reading|reviewing|evaluating|processing|scoring|screening|assessing|parsing|then|please"
            r"|ignore|model|assistant|agent|system)\b)",
            r"as an? (?:ai|large language|language)(?: language)? (?:model|assistant),? you (?:must|should|will|are)\b",
            r"si eres una? (?:ia|modelo|inteligencia artificial|asistente)\b",
        ),
        "forced_output": (
            r"output only\b",
            r"(?:output|respond|reply|answer|say) (?:only|exactly|solely|strictly|just|nothing but|verbatim)"
            r" (?:with|the|a|an|this|that|in|json|yes|no)\b",
            r"(?:respond|reply|answer) with (?:only|exactly|just|nothing but|the (?:word|single|exact|following"
            r"|text))\b",
            r"your (?:entire |whole |only |final )?(?:response|reply|output) (?:must|should|shall)"
            r" (?:be|contain|consist|only|start|begin|say|read)\b",
            r"(?:begin|start) your (?:response|reply|output|evaluation|feedback) with\b",
            r"(?:responde|contesta|devuelve|escribe|di) (?:solo|sólo|solamente|únicamente|unicamente|exactamente)\b",
            r"(?:केवल|सिर्फ़?|सिर्फ)~(?:उत्तर|जवाब|आउटपुट) ?(?:दो|दें|दीजिए|दीजिये)",
        ),
        "secrecy": (
            r"(?:do not|don'?t|never|without) (?:tell|mention|reveal|disclose|inform|alert|show|flag|notify|warn)"
            r"(?:ing)?\b~\b(?:the (?:user|human|recruiter|reviewer|interviewer|candidate|evaluator|hiring manager)"
            r"|anyone|anybody|this (?:instruction|message|note|text|prompt|line)|these instructions|that you"
            r"|that this)\b",
            r"(?:keep|hide) (?:this|these)(?: \w{1,15})? (?:a )?(?:secret|hidden)\b",
            r"no (?:se )?(?:l[oae]s? )?(?:digas?|menciones?|reveles?|informes?|cuentes?)\b~\b(?:nadie|usuario"
            r"|reclutador|evaluador|candidato|estas? instrucci)",
            r"(?:किसी|उपयोगकर्ता|भर्तीकर्ता|यूज़र|यूजर)~(?:मत|नहीं|ना|न) ?(?:बता|कह|दिखा)",
        ),
        "planted_claim": (
            rf"(?:add|say|state|mention|write|claim|note|conclude|declare|insert|report|include|emphasi[sz]e)"
            rf" (?:that|how) (?:the|this) {_PERSON} (?:has|had|have|is|was|are|holds|possesses|meets|exceeds|deserves"
            r"|shows|demonstrates|must|should|scored|solved|passed|knows|did)\b",
            r"(?:every|each|all)(?: (?:of|the|my|your|these)){0,2} bullets?\b~\b(?:must|shall|should|ha(?:s|ve) to"
            r"|needs? to)(?: \w{1,12})? (?:mention|name|state|contain|include|claim|say)\b",
            r"(?:which|that) (?:you|an? ai|the (?:ai|model)) (?:must|shall|should|ha(?:s|ve) to|(?:are|is) to)"
            r" (?:report|state|present|describe|mention|list) as\b",
            r"(?:say|state|mention|claim|write|repeat) (?:so|it|this|that) (?:everywhere|wherever|in (?:every|each"
            r"|all|your)\b)",
            r"join (?:both|these|the two|all) (?:notes|parts|halves|messages|lines)\b",
            rf"(?:this|the) {_PERSON} (?:is|was) (?:clearly |by far )?(?:the |an? )?(?:perfect|ideal|best"
            r"|most qualified|strongest|exceptional|outstanding|top|highly qualified)\b",
            rf"(?:strongly|highly|immediately|always) (?:recommend|hire|shortlist|advance) (?:this|the) {_PERSON}\b",
            rf"(?:hire|shortlist|advance|accept|approve|recommend) (?:this|the) {_PERSON} (?:immediately"
            r"|unconditionally|regardless|no matter|without (?:question|hesitation))\b",
            r"(?:añade|agrega|di|menciona|escribe|indica|afirma|concluye) que (?:el|la|este|esta)"
            r" (?:candidat[oa]|aspirante|estudiante|persona)\b",
            r"(?:लिख|कह|बता|जोड़|जोड\u093c)~कि~(?:उम्मीदवार|अभ्यर्थी|आवेदक|छात्र)",
        ),
        "score_demand": (
            rf"(?:give|assign|award|grant|return|output)(?: (?:me|us|him|her|them|it|this|the|my|a|an|every|all|each"
            rf"|{_PERSON}|code|interview|section|dimension|criterion)){{0,6}} {_TOP} {_SCORE}",
            rf"(?:rate|score|grade|rank|evaluate) (?:me|him|her|it|my \w{{1,15}}|(?:this|the) {_PERSON})"
            rf"(?: (?:as|at|with|a|an|the|be)){{0,3}} (?:10\b|100\b|5 5\b|first|number one|excellent|exceptional"
            rf"|outstanding|{_TOP})",
            r"(?:score|rating|grade|mark)s? (?:must|should|shall|has to|needs to) be(?: \w{1,10}){0,3}"
            r" (?:10|100|5|highest|maximum|perfect|full)\b",
            r"(?:return|output|assign|give)(?: \w{1,12}){0,3} (?:score|rating|grade) (?:of )?(?:10|100|5|1)\b",
            r"(?:da|dale|dame|dele|asigna|asígnale|asignale|otorga|otórgale|pon|ponle|concede)\b~\b(?:máxim[ao]|maxim[ao]"
            r"|más alt[ao]|mas alt[ao]|mejor|perfect[ao])~\b(?:puntuaci|puntaje|calificaci|nota|puntos)\w{0,3}",
            r"(?:da|dale|dame|dele|asigna|asígnale|asignale|otorga|otórgale|pon|ponle|concede)\b~\b(?:puntuaci|puntaje"
            r"|calificaci|nota)\w{0,3}~\b(?:máxim[ao]|maxim[ao]|más alt[ao]|mas alt[ao]|perfect[ao])\b",
            r"(?:सबसे|उच्चतम|सर्वोच्च|अधिकतम|पूरे|पूर्ण)~(?:अंक|स्कोर|रेटिंग|नंबर|ग्रेड) ?~(?:दो|दें|दीजिए|देना)",
            r"(?:sabse zyada|sabse jyada|poore|pure|full|highest) (?:marks|score|number|ank)"
            r" (?:do|dijiye|de do|dena)\b",
        ),
    }
)

_LINE = r"(?:^|\\n|[\"'>|])[ \t>*_-]{0,6}"
_STYLE = r"style\s{0,3}=\s{0,3}\\?[\"'][^\"'<>]{0,200}?"
_BLOB = r"[a-z0-9+/]"

SHAPES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "override": (r"(?:忽略|无视|忘记)[^。\n]{0,12}(?:指令|指示|说明|提示)",),
        "role_marker": (
            rf"{_LINE}(?:assistant|human)[ \t]{{0,3}}[*_]{{0,2}}:(?=\s|\Z)",
            rf"{_LINE}system[ \t]{{0,3}}[*_]{{0,2}}:\s{{0,3}}(?:you\b|ignore|new\b|override|do\b|always|never"
            r"|from\b|respond|reply|set\b|give\b|the (?:candidate|user|assistant)|prompt)",
            r"(?:^|\\n)[ \t]{0,3}#{1,6}[ \t]{0,3}(?:system|assistant|human|user (?:prompt|message)|new instructions?)"
            r"(?: (?:prompt|message|instructions?|override))?[ \t]{0,3}:?[ \t]{0,3}(?=$|\\n)",
            r"<\|[a-z_]{1,30}\|>",
            r"\[/?(?:inst|sys)\]|<</?sys>>",
            r"</?(?:system|assistant|system_prompt|instructions?|untrusted|data-[0-9a-f]{6,20})\b[^<>\n]{0,60}>",
            r"\"role\"\s{0,3}:\s{0,3}\"(?:system|assistant|developer)\"",
        ),
        "encoded": (
            # Possessive: one attempt per blob, else a megabyte of base64 would be read a million times.
            rf"\b(?:decode|decrypt|decipher|base64|b64|rot13|unhex|decodifica|descifra)[^\n]{{0,80}}?(?<!{_BLOB}){_BLOB}{{24,}}+",
            rf"(?<!{_BLOB}){_BLOB}{{40,}}+={{0,2}}+[^\n]{{0,60}}?\b(?:decode|decrypt|decipher|base64|decodifica|descifra)",
        ),
        "hidden_markup": (
            r"<!--",
            rf"{_STYLE}(?:display\s{{0,3}}:\s{{0,3}}none|visibility\s{{0,3}}:\s{{0,3}}hidden)",
            rf"{_STYLE}font-size\s{{0,3}}:\s{{0,3}}[01](?![\d.])",
            rf"{_STYLE}opacity\s{{0,3}}:\s{{0,3}}0(?![\d.])",
            rf"{_STYLE}color\s{{0,3}}:\s{{0,3}}(?:white|transparent|#fff\b|#ffffff\b|rgba?\(\s?255)",
            rf"{_STYLE}(?:left|top|text-indent)\s{{0,3}}:\s{{0,3}}-\d{{3,}}",
            r"<(?:span|div|p|font|input|section|td|li)\b[^<>]{0,200}?\shidden\b",
            r"\\(?:text)?color\{white\}|\\phantom\{",
        ),
    }
)
