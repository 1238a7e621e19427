"""What a bullet may claim to have changed, and the words by which its source speaks of the same."""

from __future__ import annotations

from typing import Final

from aiworker.domain.resume.guard.words import listed

OUTCOMES: Final[tuple[tuple[frozenset[str], frozenset[str]], ...]] = (
    (
        listed("revenue revenues sales turnover takings ventas ingresos facturación"),
        listed("sold sell sells selling earned income vendí vendía vender vendido"),
    ),
    (
        listed("profit profits profitability margin margins ebitda beneficio beneficios rentabilidad"),
        listed("profitable"),
    ),
    (
        listed("cost costs expense expenses expenditure outlay coste costes gasto gastos overheads"),
        listed(
            "price prices paid budget fee fees bill bills cheaper saved saving savings waste wastage worth money"
            " estimate estimated bought purchase spending spent spend"
        ),
    ),
    (
        listed("price prices pricing precio precios"),
        listed(
            "cost costs estimate estimates rate rates quote quotes quoted charged mark"
            " marked markdown markdowns discount discounts discounted"
        ),
    ),
    (
        listed("productivity efficiency productividad eficiencia"),
        listed("efficient efficiently productive utilisation utilization output"),
    ),
    (
        listed("satisfaction satisfacción nps csat"),
        listed("satisfied happy happier rating ratings score scores survey surveys feedback stars"),
    ),
    (
        listed("complaint complaints grievances quejas reclamaciones"),
        listed("complained tickets escalations dissatisfied queries"),
    ),
    (
        listed("engagement loyalty churn attrition absenteeism absentismo morale fidelización"),
        listed("retained retention left leaving resigned active engaged returning repeat absences"),
    ),
    (
        listed("retention"),
        listed("retained churn attrition kept left leaving stayed returning repeat"),
    ),
    (
        listed("conversion conversions"),
        listed(
            "converted converting convert move moved moving switched changed"
            " rewrote rewrite ported migrated leads sign-up sign-ups signups enquiries"
            " registrations"
        ),
    ),
    (
        listed("accident accidents injury injuries accidentes lesiones"),
        listed("incident incidents safe safety near-miss hurt injured harmed"),
    ),
    (
        listed("infection infections mortality readmissions infecciones"),
        listed("infected died deaths readmitted"),
    ),
    (
        listed("downtime outage outages breakdowns caídas"),
        listed(
            "uptime stoppage stoppages stopped down available availability failure failures breakdown interruption"
            " offline crash crashes paradas"
        ),
    ),
    (
        listed("errors mistakes defects rejections rework scrap errores defectos averías"),
        listed(
            "reworked error mistake defect bug bugs fault faults faulty wrong incorrect discrepancy discrepancies"
            " differences issue issues problem problems rejects rejected rejection reject failure failures incidents"
            " broken misses mismatches misprints crashes typos corrected exceptions fallos"
        ),
    ),
    (
        listed("failures"),
        listed(
            "failure failed fail fails errors crashes crash incidents breakdowns outages rejects rejections defects"
            " faults dropped lost"
        ),
    ),
    (
        listed("latency throughput rendimiento"),
        listed(
            "handling handled handles capacity"
            " slow slower fast faster quick quicker speed seconds ms milliseconds response time times load performance"
        ),
    ),
    (
        listed("accuracy precision precisión"),
        listed("accurate accurately auc f1 error errors correct differences"),
    ),
    (
        listed("vulnerability vulnerabilities cyberattacks ciberataques"),
        listed("vulnerable insecure secure security attack attacks pentest"),
    ),
    (
        listed("reputation brand visibility popularity"),
        listed("branding branded known awareness followers views likes reach"),
    ),
    (
        listed("penalty penalties multas sanctions"),
        listed("fined fine fines late"),
    ),
    (
        listed("electricity electricidad"),
        listed("power energy kwh light"),
    ),
    (
        listed("recruitment enrolment enrollment admissions"),
        listed("hired recruited recruit joined recruiting hiring hire enrolled admitted"),
    ),
)
"""An outcome's own words, and those that stand for it in a source; lower case."""
CLAIMED: Final = frozenset[str]().union(*(claimed for claimed, _ in OUTCOMES))
