"""Summaries as honest models write them, of the examples' students."""

from __future__ import annotations

HONEST: dict[str, tuple[str, ...]] = {
    "stu-ananya": (
        "The student is a final-year B.Tech. student of Computer Engineering at Sahyadri Valley Institute of"
        " Technology, Pune, with a CGPA of 8.4. As a Software Engineering Intern at Kaveri Ledger Pvt. Ltd.,"
        " they wrote 34 unit tests that raised branch coverage of the refund module from 61% to 83% and helped"
        " build a REST endpoint with FastAPI and PostgreSQL. Their skills include Python, Java, SQL, C and"
        " Linux. They developed MessMate, an app in Flutter and Firebase used by 220 hostel residents, and won"
        " second prize in the Vindhya Open Hackathon 2025 among 140 teams.",
        "This final-year Computer Engineering student is pursuing a B.Tech. at Sahyadri Valley Institute of"
        " Technology and holds a CGPA of 8.40. They interned at Kaveri Ledger Pvt. Ltd. from May to July 2025,"
        " maintaining settlement report scripts and writing 34 unit tests. They also built MessMate, a"
        " meal-booking app for 220 hostel residents that reduced food waste worth ₹1.2 lakh over two"
        " semesters. Their technical skills span Python, Java, C, SQL, Dart, Linux and Git.",
        "The student studies Computer Engineering in the fourth year of a B.Tech. and has a CGPA of 8.40."
        " Their internship at Kaveri Ledger Pvt. Ltd. covered settlement reports, unit tests and the testing"
        " of a reconciliation job that handles about 12,000 rows a day. They have also worked as a Student"
        " Assistant in the Microprocessor Lab, where they calibrated 18 oscilloscopes. Distinctive points are"
        " a merit scholarship of ₹40,000 a year and a low-cost water level logger built with an ESP32.",
    ),
    "stu-morwenna": (
        "The student is in the third year of a BSc in Computer Science. Since March 2020 they have worked as"
        " a Senior Software Engineer at Tern & Harrow Logistics, where they designed an event pipeline that"
        " carries 1.4 million parcel scans per day and migrated 23 services to Kubernetes without a"
        " maintenance window. Earlier roles were at Pellucid Payments and Dunlin Studio. Key skills are Go,"
        " Python, PostgreSQL, Terraform and Prometheus, and the queue-lens project has about 600 stars.",
    ),
    "stu-delphine": (
        "The student is in the first year of a Certificate in Data Analytics with a CGPA of 3.90, after"
        " working as a Registered Nurse in the surgical ward of Larkspur Bay Hospital. There they trained 11"
        " new colleagues on the charting software and worked on a weekly infection report read by 3 wards."
        " More recently they have cleaned 4,200 donor records as a volunteer at Superior Shore Food Shelf"
        " using pandas. Skills include SQL, Python and Excel, along with clinical skills such as triage and"
        " charting.",
    ),
    "stu-iraide": (
        "The student is in the second year of a Técnico Superior in Administración de Sistemas at Instituto"
        " Puerta de Cierzo with a CGPA of 8.7. They have worked since April 2021 as a systems technician at"
        " Distribuciones Valdehornos, S. A., where they maintain a database of 3,200 customers and reduced the"
        " monthly closing time by 35 %. Their skills include Linux, SQL, Python, Bash and PowerShell. In the"
        " Huerto abierto project they installed 12 humidity sensors with Python and a Raspberry Pi.",
    ),
    "stu-tashi": (
        "The student is in the second year of a B.Tech. in Mechanical Engineering. The profile does not state"
        " a CGPA, and no resume with work experience or projects is part of it so far. No skills, achievements"
        " or courses are listed either, which is why nothing more can be said about the student at this point.",
    ),
}
GOOD = HONEST["stu-ananya"][0]

FIRST = "The student is a final-year B.Tech. student of Computer Engineering with a CGPA of 8.40."
SECOND = "They wrote 34 unit tests as a Software Engineering Intern at Kaveri Ledger Pvt. Ltd. in Pune."
THIRD = "Their skills include Java, Python, SQL, C, Dart, Linux and Git."
FOURTH = "They developed MessMate with Flutter and Firebase for 220 hostel residents of the college."
FOUR = (FIRST, SECOND, THIRD, FOURTH)


def with_sentence(sentence: str, place: int = 1) -> str:
    """Return four honest sentences, one of them replaced."""
    return " ".join(sentence if number == place else kept for number, kept in enumerate(FOUR))
