"""The statement that counts a placement season: with `platform` the one seam an adopter edits.

One statement is one snapshot: no figure of a summary can contradict another. The reference tables know no batch: a
student whose applications and offers all belong to earlier seasons is taken to have left.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any, cast

from aiworker.domain.analytics.figures import Branch, Figures, Season, Skill, previous
from aiworker.domain.analytics.suppression import Size
from aiworker.errors import NotFound
from aiworker.protocol import Connection

MOST_SKILLS = 5

FETCH_PLACEMENTS = """
WITH student AS (
    SELECT id, btrim(branch) AS branch, skills,
           ($5::text IS NULL OR degree = $5) AND ($6::integer IS NULL OR year = $6) AS in_scope,
           ($4::text IS NULL OR btrim(branch) = btrim($4))
               AND ($5::text IS NULL OR degree = $5) AND ($6::integer IS NULL OR year = $6) AS is_inside
    FROM students WHERE tenant_id = $1
), vacancy AS (
    SELECT id, company, skills, season FROM jobs WHERE tenant_id = $1 AND season COLLATE "C" <= $2
), offered AS (
    SELECT v.season, o.student_id, count(*) AS offers,
           bool_or(o.kind = 'internship') AS is_intern,
           bool_or(o.kind = 'internship') AND bool_or(o.kind = 'ppo') AS is_converted,
           max(o.ctc) FILTER (WHERE o.accepted_on IS NOT NULL AND o.kind IN ('full_time', 'ppo')) AS package
    FROM offers o JOIN vacancy v ON v.id = o.job_id WHERE o.tenant_id = $1
    GROUP BY v.season, o.student_id
), reached AS (
    -- An application keeps its last status only: of a rejected one nobody knows how far it had come.
    SELECT season, student_id, max(stage) AS stage
    FROM (
        SELECT v.season, a.student_id,
               CASE a.status WHEN 'shortlisted' THEN 2 WHEN 'interviewed' THEN 3 WHEN 'offered' THEN 3
                             WHEN 'accepted' THEN 3 ELSE 1 END AS stage
        FROM applications a JOIN vacancy v ON v.id = a.job_id WHERE a.tenant_id = $1
        UNION ALL
        SELECT season, student_id, CASE WHEN package IS NULL THEN 4 ELSE 5 END FROM offered
    ) AS step
    GROUP BY season, student_id
), registered AS (
    SELECT s.* FROM student s
    WHERE EXISTS (SELECT FROM reached r WHERE r.student_id = s.id AND r.season = $2)
       OR NOT EXISTS (SELECT FROM reached r WHERE r.student_id = s.id)
), of_season AS (
    SELECT r.season, s.is_inside, count(*) AS applied,
           count(*) FILTER (WHERE r.stage >= 2) AS shortlisted,
           count(*) FILTER (WHERE r.stage >= 3) AS interviewed,
           count(*) FILTER (WHERE r.stage >= 4) AS offered,
           count(*) FILTER (WHERE r.stage = 5) AS placed,
           count(*) FILTER (WHERE o.offers > 1) AS several_offers,
           coalesce(sum(o.offers), 0) AS offers,
           (SELECT count(DISTINCT lower(btrim(v.company)))
            FROM offers f JOIN vacancy v ON v.id = f.job_id JOIN student t ON t.id = f.student_id
            WHERE f.tenant_id = $1 AND v.season = r.season AND t.is_inside = s.is_inside) AS companies,
           count(*) FILTER (WHERE o.is_intern) AS interns,
           count(*) FILTER (WHERE o.is_converted) AS converted,
           round((percentile_cont(0.5) WITHIN GROUP (ORDER BY o.package))::numeric, 2)::text AS median,
           round(avg(o.package), 2)::text AS mean,
           max(o.package)::text AS highest
    FROM reached r JOIN student s ON s.id = r.student_id
    LEFT JOIN offered o ON o.student_id = r.student_id AND o.season = r.season
    WHERE r.season IN ($2, $3)
    GROUP BY r.season, s.is_inside
), of_branch AS (
    SELECT s.branch AS name,
           count(*) FILTER (WHERE s.in_scope) AS strength, count(*) FILTER (WHERE NOT s.in_scope) AS strength_outside,
           count(o.package) FILTER (WHERE s.in_scope) AS placed,
           count(o.package) FILTER (WHERE NOT s.in_scope) AS placed_outside,
           round((percentile_cont(0.5) WITHIN GROUP (ORDER BY o.package) FILTER (WHERE s.in_scope))::numeric, 2)::text
               AS median
    FROM registered s LEFT JOIN offered o ON o.student_id = s.id AND o.season = $2
    GROUP BY s.branch HAVING bool_or(s.in_scope)
), asked AS (
    SELECT lower(btrim(name)) AS key, min(btrim(name)) AS name, count(DISTINCT v.id) AS asked
    FROM vacancy v, json_array_elements_text(CASE json_typeof(v.skills) WHEN 'array' THEN v.skills ELSE '[]' END) name
    WHERE v.season = $2 AND btrim(name) <> ''
    GROUP BY key ORDER BY asked DESC, key LIMIT $7
), held AS (
    SELECT lower(btrim(name)) AS key, count(DISTINCT s.id) FILTER (WHERE s.is_inside) AS held,
           count(DISTINCT s.id) FILTER (WHERE NOT s.is_inside) AS held_outside
    FROM registered s,
         json_array_elements_text(CASE json_typeof(s.skills) WHEN 'array' THEN s.skills ELSE '[]' END) name
    GROUP BY key
)
SELECT EXISTS (SELECT FROM student) OR EXISTS (SELECT FROM jobs WHERE tenant_id = $1) AS is_known,
       (SELECT count(*) FROM registered WHERE is_inside) AS registered,
       (SELECT count(*) FROM registered WHERE NOT is_inside) AS registered_outside,
       (SELECT count(*) FROM vacancy WHERE season = $2) AS vacancies,
       (SELECT row_to_json(of_season)::text FROM of_season WHERE season = $2 AND is_inside) AS now,
       (SELECT row_to_json(of_season)::text FROM of_season WHERE season = $2 AND NOT is_inside) AS outside,
       (SELECT row_to_json(of_season)::text FROM of_season WHERE season = $3 AND is_inside) AS before,
       (SELECT coalesce(json_agg(of_branch ORDER BY name), '[]')::text FROM of_branch) AS branches,
       (SELECT coalesce(json_agg(demand ORDER BY demand.asked DESC, demand.key), '[]')::text
        FROM (SELECT a.*, coalesce(h.held, 0) AS held, coalesce(h.held_outside, 0) AS held_outside
              FROM asked a LEFT JOIN held h ON h.key = a.key) AS demand) AS skills
"""


async def fetch_figures(
    db: Connection,
    tenant: str,
    season: str,
    *,
    branch: str | None = None,
    degree: str | None = None,
    year: int | None = None,
) -> Figures:
    """Return every figure of the tenant's season, counted for the students whom the filters choose.

    Raise NotFound for a tenant that has neither a student nor a vacancy of any season: there is no such campus.
    Only a season without filters is compared with the one before: the tables keep a student's present year of study,
    and what a filtered summary of the season before told is not known.
    """
    is_filtered = any(given is not None for given in (branch, degree, year))
    before = None if is_filtered else previous(season)
    row = await db.fetchrow(FETCH_PLACEMENTS, tenant, season, before, branch, degree, year, MOST_SKILLS)
    if not row["is_known"]:
        raise NotFound("Neither a student nor a vacancy was found for this tenant.")
    return Figures(
        season=season,
        registered=Size(int(row["registered"]), int(row["registered_outside"])),
        vacancies=int(row["vacancies"]),
        now=_season(row["now"]) or Season(),
        outside=_season(row["outside"]) or Season(),
        before=_season(row["before"]),
        branches=tuple(_branch(each) for each in json.loads(row["branches"])),
        skills=tuple(_skill(each) for each in json.loads(row["skills"])),
        branch=None if branch is None else branch.strip(" "),
        is_filtered=is_filtered,
    )


Row = Mapping[str, Any]

_AMOUNTS = ("median", "mean", "highest")


def _season(text: str | None) -> Season | None:
    if text is None:
        return None
    row = cast("Row", json.loads(text))
    values: dict[str, Any] = {
        field.name: (_amount if field.name in _AMOUNTS else int)(row[field.name]) for field in fields(Season)
    }
    return Season(**values)


def _branch(row: Row) -> Branch:
    strength, placed = (Size(int(row[name]), int(row[f"{name}_outside"])) for name in ("strength", "placed"))
    return Branch(str(row["name"]), strength, placed, _amount(row["median"]))


def _skill(row: Row) -> Skill:
    return Skill(str(row["name"]), int(row["asked"]), Size(int(row["held"]), int(row["held_outside"])))


def _amount(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))
