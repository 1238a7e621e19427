"""generate-analytics-summary from the command line: looked at and run on its example, which leaves nothing."""

from __future__ import annotations

from tests.e2e.daemon import NOWHERE, Site

JOB = "generate-analytics-summary"


async def test_the_example_is_shown_with_every_figure_that_leaves_and_run_dry(site: Site) -> None:
    shown = await site.run("prompt-preview", JOB, "--example", REDIS_URL=NOWHERE)
    assert shown.code == 0
    assert "{placement_rate} = 42.4% (61 of 144 registered students)" in shown.out
    assert "Chemical" not in shown.out and "stu-ce26" not in shown.out

    done = await site.run("run-job", JOB, "--example", "--dry-run", REDIS_URL=NOWHERE)
    assert (done.code, done.document["status"]) == (0, "dry-run")
    assert done.document["writes"] == {"aiworker.analytics_summaries": 1}
    assert await site.rows("SELECT 1 FROM aiworker.analytics_summaries UNION SELECT 1 FROM applications") == []
