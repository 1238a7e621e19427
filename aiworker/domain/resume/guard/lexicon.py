"""Word lists of the rules; lower case, one meaning a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiworker.domain.resume.guard.words import listed

TECHNOLOGIES: Final = listed(
    "python java javascript typescript sql nosql mysql postgresql postgres sqlite mongodb redis kafka rabbitmq"
    " docker kubernetes terraform ansible jenkins git github gitlab bitbucket linux unix bash powershell aws azure"
    " gcp firebase supabase hadoop airflow pandas numpy scikit-learn sklearn tensorflow pytorch keras opencv"
    " matplotlib seaborn scipy matlab autocad solidworks catia ansys simulink labview verilog vhdl arduino"
    " raspberry flutter dart kotlin android ios django fastapi spring-boot react angular svelte next.js node.js"
    " nodejs express.js graphql grpc html css sass tailwind bootstrap jquery figma photoshop illustrator indesign"
    " sketch-up sketchup tableau powerbi excel-vba vba sap salesforce hubspot mailchimp wordpress shopify magento"
    " jira confluence trello asana selenium cypress jest pytest junit postman swagger nginx grafana prometheus"
    " elasticsearch kibana logstash splunk datadog snowflake redshift bigquery dbt cassandra dynamodb php laravel"
    " symfony ruby scala perl golang haskell erlang elixir unreal blender primavera staad revit etabs minitab spss"
    " stata quickbooks zoho seo crm erp etl oop iot gis arcgis qgis plc scada cnc hplc pcr elisa solidity"
    " ethereum web3 llm chatgpt langchain hive-ql pyspark mlflow kubeflow argocd istio vagrant circleci sonarqube"
    " webpack babel vite redux rxjs ionic xamarin webgl opengl cuda openmp mpi latex netsuite workday moodle canva"
    " after-effects zendesk intercom marketo google-ads adwords hotjar mixpanel looker-studio alteryx informatica"
    " talend ssis ssrs olap mdx dax crispr oscilloscope oscilloscopes multimeter nextflow bioconductor"
    " chromatography spectrophotometry gmp glp haccp iso sox gaap ifrs gst tds"
)
"""Names of tools and methods that are written in lower case as well; no word that means something else there."""

HOMOGRAPHS: Final = listed(
    "go spark swift rust express flask excel spring r c hive oracle unity slack notion lean agile ruby scala chef"
    " puppet salt vault consul looker segment sketch maya access word outlook teams drive meet forms sheets"
    " assembly julia tally"
)
"""Tools only when they are written with a capital."""

EXEMPT: Final = listed("API APIS UI QA KPI KPIS MVP WI FI I A OK ID IDS FAQ FAQS PDF PDFS")
"""Acronyms that name no skill."""

ALIASES: Final[Mapping[str, str]] = {
    alias: name
    for name, aliases in {
        "javascript": "js ecmascript",
        "typescript": "ts",
        "kubernetes": "k8s",
        "postgresql": "postgres psql postgre",
        "node.js": "node nodejs",
        "next.js": "nextjs",
        "vue.js": "vue vuejs",
        "react": "reactjs react.js",
        "express.js": "expressjs express",
        "angular": "angularjs angular.js",
        "rest": "restful",
        "mongodb": "mongo",
        "elasticsearch": "elastic",
        "golang": "go",
        "scikit-learn": "sklearn",
        "tensorflow": "tf",
        "powerbi": "power-bi",
        "endtoend": "e2e",
        "c#": "csharp",
        "c++": "cpp",
        "ml": "machinelearning",
        "ai": "artificialintelligence",
        "nlp": "naturallanguageprocessing",
        "ci/cd": "cicd",
        "github": "git-hub",
        "january": "jan enero",
        "february": "feb febrero",
        "march": "mar marzo",
        "april": "apr abril",
        "june": "jun junio",
        "july": "jul julio",
        "august": "aug agosto",
        "september": "sep sept septiembre",
        "october": "oct octubre",
        "november": "nov noviembre",
        "december": "dec dic diciembre",
        "db": "dbs",
        "celsius": "°c",
        "fahrenheit": "°f",
        "private": "pvt",
        "limited": "ltd",
    }.items()
    for alias in aliases.split()
}

SYMBOLS: Final = listed(
    "db kl ml µl μl khz mhz ghz hz ma mah kv kw kwh mw mpa kpa gpa nm kn rpm bpm u v a w l n mg kg µa μa mv µv ω"
    " ohm ohms pf nf µf hp psi bar dpi ppm ppb mol mm mmol lux lm dba tph tpd kgf cc bhp mbar wt kva mva kvar kph"
    " mph sqft ha q t m2 m3 km2 wh mwh gwh kb mb gb tb pb gbps mbps µg nmol gsm tex denier rpm °c °f ℃ ℉"
)
"""Units after a figure, which are no names."""
MAKERS: Final = listed("ms microsoft google adobe apache amazon atlassian ibm autodesk oracle")
"""Who makes a product may be named with it."""
BRANDS: Final = listed(
    "apple intuit siemens bosch abb schneider honeywell rockwell allen-bradley mitsubishi omron fanuc"
    " cadence synopsys xilinx intel nvidia amd"
    " cisco juniper fortinet aruba hp hpe dell lenovo asus samsung sony canon nikon fujifilm epson xerox ricoh konica"
    " heidelberg shure sennheiser yamaha roland steinberg blackmagic bmd gopro dji garmin tomtom trimble"
    " leica topcon esri bentley dassault ptc ansys mathworks hashicorp jetbrains mozilla"
    " agilent waters shimadzu bruker zeiss olympus eppendorf sartorius mettler beckman roche abbott sysmex"
    " philips medtronic dräger draeger 3m makita dewalt hilti stihl husqvarna festool milwaukee bosch"
    " caterpillar komatsu jcb volvo scania daf mercedes mercedes-benz ford toyota honda nissan vauxhall"
    " volkswagen audi bmw renault peugeot citroën citroen tata mahindra bajaj maruti hyundai kia isuzu"
    " claas fendt deere kubota rational hobart miele electrolux juki bernina janome"
)
"""The same, of a product that has a name of its own: no acronym, and nothing that others make too."""

SKILL_PHRASES: Final = frozenset(
    phrase.strip()
    for phrase in """
    machine learning; deep learning; computer vision; natural language processing; data science; data mining
    data visualization; data visualisation; data modeling; data modelling; data warehousing; data engineering
    data governance; predictive modeling; predictive modelling; time series; a/b testing; a/b tests
    customer segmentation; market research; market segmentation; project management; product management
    program management; change management; risk management; vendor management; stakeholder management
    inventory management; supply chain; demand forecasting; financial modeling; financial modelling; cash flow
    budget planning; unit testing; load testing; performance testing; penetration testing; regression testing
    integration testing; test automation; code review; code reviews; pair programming; continuous integration
    continuous delivery; continuous deployment; infrastructure as code; incident response; capacity planning
    cost optimization; cost optimisation; cloud computing; distributed systems; event-driven; microservices
    micro-services; design thinking; user research; usability testing; information architecture; design systems
    design system; interaction design; wireframing; prototyping; accessibility audit; accessibility audits
    content strategy; social media; email marketing; search engine optimization; search engine optimisation
    lead generation; public relations; public speaking; conflict resolution; negotiation; team building
    people management; quality assurance; quality control; root cause analysis; root-cause analysis; six sigma
    lean manufacturing; value stream; statistical process control; finite element; computational fluid
    process improvement; process optimization; process optimisation; clinical trials; infection control
    patient care; case management; curriculum design; curriculum development; instructional design
    lesson planning; classroom management; differentiated instruction; learning management; cell culture
    gel electrophoresis; gene editing; flow cytometry; mass spectrometry; protein purification; quantity surveying
    structural analysis; site supervision; bill of quantities; tax filing; statutory audit; internal audit
    internal controls; accounts payable; accounts receivable; bank reconciliation; payroll processing
    embedded systems; circuit design; signal processing; image processing; power electronics
    reinforcement learning; recommendation systems; recommender systems; sentiment analysis; big data; blockchain
    cybersecurity; threat modeling; threat modelling; zero trust; single sign-on; disaster recovery
    high availability; journey mapping; journey maps; heuristic evaluation; card sorting; x-ray diffraction
    neural network; neural networks; random forest; decision tree; decision trees; linear regression
    logistic regression; gradient boosting; support vector; genetic algorithm; kalman filter; fuzzy logic
    pid control
    """.replace("\n", ";").split(";")
    if phrase.strip()
)
"""Skills of several words that every trade speaks of."""
EVERYDAY_MEANS: Final = listed(
    "list lists checklist checklists"
    " mail email e-mail phone telephone hand hands tools tool method methods technique techniques approach approaches"
    " process processes steps system software program data information resources materials equipment available"
    " appropriate simple basic standard various different several multiple existing same new structured systematic"
    " careful clear practical effective conversation conversations"
    " talks discussions interviews teléfono correo mano sistema proceso herramientas método métodos"
)
"""Means that name no competence."""
LEADERSHIP: Final = listed(
    "responsable encargado encargada coordinador coordinadora led leads lead leading managed manages managing"
    " manage headed heading directed directing supervised supervises supervise supervising supervisor spearheaded"
    " spearheading oversaw oversee oversees overseeing overseen founded co-founded founder co-founder owned owning"
    " owner chaired chairing chief head mentored mentoring mentor mentors coached coaching governed governing"
    " commanded commanding captained skippered chair chairs presided steered orchestrated"
    # Spanish
    " leitung leitete geleitet verantwortete dirijo dirige supervisaba coordiné coordinó coordinaba coordinar"
    " gestioné gestionó gestionaba lideré lideró liderar liderando lideraba dirigí dirigió dirigir dirigiendo"
    " dirigía supervisé supervisó supervisando encabecé encabezó lidero lidera encabezo jefe jefa fundé fundó mentoricé"
)
AMBIGUOUS: Final = listed("ai ml bi ci cd js ts go ui ux qa db vr ar")
"""Acronyms of two letters that are skills, whatever words stand beside each other."""
IN_CHARGE: Final = listed(
    "managed manages managing manage supervised supervises supervising supervise oversaw oversee oversees"
    " overseeing supervisé supervisó responsable gestiono gestioné gestionó gestionaba gestionar coordino coordiné"
    " coordinó coordinaba coordinar administro administré"
)
"""What somebody who was responsible for a thing did with it."""
MANAGED: Final = listed("managed manages managing manage")
"""What is done with accounts and diaries as well."""
OWNED: Final = listed("owned owning")
"""What is said of things; it leads nobody."""
BOSSES: Final = listed(
    "supervisor manager lead head chief director jefe jefa encargado encargada coordinator coordinador"
)
"""Titles of an entry whose holder was in charge."""
GIVEN: Final = (["received"], ["receive"], ["receiving"], ["got"], ["under"], ["recibí"])
"""What comes before a leading that somebody else did."""
HEADED: Final = listed("headed heading")
BOUND: Final = listed("for towards toward home back north south east west to")
"""What comes after it of those who only go somewhere."""
COOL: Final = (["cool"], ["level"], ["clear"], ["steady"], ["calm"], ["shower"], ["print"], ["per"])
"""What a head is that leads nobody."""
BEEN: Final = (["was"], ["were"], ["been"], ["being"], ["got"])
COACHING: Final = listed("coached coaching coaches coach mentored mentoring mentors mentor")
"""What somebody who taught others did."""
ROLES: Final = listed(
    "chair chairs responsable encargado encargada coordinador coordinadora chief head jefe jefa manager owner"
    " supervisor"
    " founder co-founder mentor mentors lead leads"
)
"""Titles: somebody else's may be in the bullet."""
LED_EVENTS: Final = listed(
    "workshop workshops session sessions class classes meeting meetings tour tours training trainings lecture"
    " lectures discussion discussions walk webinar webinars tutorial tutorials lab labs seminar seminars standup"
    " standups warm-up warm-ups warmups rehearsal rehearsals"
)
"""What anybody may lead."""

AWARDS: Final = listed(
    "championship championships"
    " doctorate doctoral phd ph.d doctorado award awards awarded prize prizes winner winners winning won ranked"
    " rank ranking certified certificate certificates certification certifications medal medals scholarship"
    " scholarships honour honours honor honors honoured honored publication publications patent patents patented"
    " grant grants finalist finalists topper distinction accredited accreditation recognised recognized"
    " recognition licensed licenced chartered acclaimed fellowship trophy laureate nominated plaque accolade"
    " premio premios premiado premiada galardonado"
    " galardonada certificado certificada certificación ganador ganadora finalista beca medalla patente publicado"
    " publicada publicación reconocido reconocida mención"
)
IRREGULAR: Final = listed(
    "was were am is had have did do does got get made make took take gave give ran run wrote write led lead kept keep"
    " held hold built build set put cut drew draw taught teach sold sell bought buy brought bring grew grow found find"
    " won went go came come saw see spoke speak met meet sent send spent spend dealt deal fed feed drove drive help"
    " assist support participate manage own head mentor look handle work i we my me monté hice fui di llevé"
    " laid lay wove sang sing dug dig swept sweep bound spun shot shoot lent lend hung sought chose choose bred fought"
    " caught rode flew hit paid pay began fell knew left lost sat stood struck swam told threw understood wore"
    " responsible"
)
"""Verbs a bullet may begin with."""
FEW: Final = listed(
    "street counter room table board hall both several multiple various different two three four five six seven"
    " eight nine ten eleven twelve"
)
"""What is not all."""
DOCTORAL: Final = listed("doctorate doctoral phd ph.d doctorado")
RANKED: Final = listed(
    "won winning winner winners rank ranked ranking recognised recognized recognition ganador ganadora"
)
"""What somebody with a place did."""
CREDENTIALS: Final = listed(
    "grant grants publication publications certificate certificates certified certification certifications patent"
    " patents patented accredited accreditation scholarship scholarships fellowship publicado publicada"
    " certificado certificada"
)
"""What is no prize."""
WON: Final = listed(
    "won winning winner winners awarded award prize rank ranked ranking recognised recognized recognition ganador"
    " ganadora premio premiado premiada"
)
"""Words for a prize or rank that the source states in its own."""
GAINING: Final = listed("won winning awarded")
"""What is said of money and contracts as well."""
SPANISH_AMOUNTS: Final = listed("miles cientos")
WHOLE: Final = listed("whole entire full complete")
"""Words of scale that say the same."""
AMOUNTS: Final = listed("millions thousands hundreds dozens billions lakhs lacs crores millones miles cientos")
SCOPE: Final = AMOUNTS | listed(
    "company-wide companywide organisation-wide organization-wide enterprise-wide enterprise enterprise-grade"
    " nationwide national nationally international internationally global globally worldwide statewide state-wide"
    " campus-wide city-wide industry-wide district-wide school-wide department-wide firm-wide group-wide"
    " multinational regional production production-grade"
    " production-ready award-winning world-class industry-leading state-of-the-art cutting-edge best-in-class"
    " market-leading mission-critical business-critical large-scale high-traffic flagship multi-million fortune"
    " entire everyone nacional internacional mundial empresarial empresariales corporativo"
    " corporativa corporativos corporativas nacionales internacionales mundiales globales"
)
WIDE: Final = ("wide", "-scale", "-leading", "-critical")
"""How words of scale end."""
SMALL: Final = ("gram-", "lab-", "bench-", "small-", "pilot-")
NOISE_OPENINGS: Final = (
    "here is",
    "here's",
    "here are",
    "sure,",
    "sure!",
    "certainly",
    "of course",
    "as an ai",
    "as a language model",
    "rewritten:",
    "rewritten bullet",
    "revised:",
    "note:",
    "bullet:",
    "the rewritten",
    "i have rewritten",
    "i've rewritten",
    "i cannot",
    "i can't",
    "i'm sorry",
    "i am sorry",
)
FILLERS: Final = listed(
    "performed perform performing did carried conducted undertook responsible worked working work helped helping"
    " help involved various several different basis daily form made get got successfully etc duties tasks role"
    " also encargada encargado responsable realicé realizó realizando forma modo diversos diversas varios varias"
    " tareas"
)
"""What may go without anything being lost."""
REWORDED: Final = listed(
    "built build building developed develop developing created create creating designed design designing showing"
    " shows show set setup prepared prepare produced produce delivered deliver implemented implement used using use"
    " ran run running achieved achieving enabled enabling ensuring ensure provided provide providing resulting"
    " result took part participated participate joined contributed went up down rose rise risen increased increase"
    " fell fall dropped drop reduced reduce cut lowered lower raised raise brought bring came come coming grew grow"
    " improved improve declined decline shortened shorten turned moved earned generated handled processed answered"
    " supported support supports supporting assisted assist assists assisting helped usually mostly often"
    " typically mainly solved solve solving resolved resolve resolving along together completed complete"
    " january february march april may june july"
    " august september october november december sube bajó subió pasó data"
    " once date per approx approximately about around roughly some"
    " time times veces percent cent yearly"
)
"""What a rewrite says in another word: making, taking part, rising and falling, more or less."""
GENERIC: Final = listed(
    "analysis analyses test tests testing management method methods technique techniques model models"
    " modelling modeling training treatment therapy"
)
"""Heads of many skills' names, which say nothing of the skill."""
VAGUE: Final = listed(
    "document documents system systems project projects activity activities payment payments persons company"
    " companies thing things material materials item items related task process processes equipment area areas"
    " topic topics issue issues matter matters aspect aspects element elements parts piece pieces number numbers"
    " supported support assisted assist contribute handle dealt deal trabajo trabajos trabajé proyecto proyectos"
    " personas empresas sistema sistemas actividades apoyé apoyo tool tools software platform program"
    " operation operations including"
)
"""What stands for anything: new in a text, it replaces nothing that has gone."""
STYLE: Final = listed(
    "spearheaded leveraged leverage leveraging utilise utilised utilize utilized synergy synergies synergistic"
    " results-driven result-oriented dynamic passionate guru ninja rockstar seamlessly robust cutting-edge"
)
"""Words that only warn."""
