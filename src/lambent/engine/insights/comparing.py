"""`diff`: which earlier time a query's is compared with. It is as long as the query's own.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData_Compare.html
"""

import calendar
from datetime import UTC, datetime

from lambent.engine.insights.query import Pattern, Query

DAY = 86_400_000


def periods_of(query: Query, start: int, end: int) -> list[tuple[int, int]]:
    """The query's time, from its start until before its end in milliseconds since 1970; with `diff` the earlier one
    behind it."""
    against = next((one.against for one in query if isinstance(one, Pattern)), "")
    if not against:
        return [(start, end)]
    begin = max(_earlier(start, end - start, against), 0)
    return [(start, end), (begin, min(begin + end - start, start))]


def _earlier(start: int, length: int, against: str) -> int:
    if against == "month":
        return _month_before(start)
    return start - {"period": length, "day": DAY, "week": 7 * DAY}[against]


def _month_before(start: int) -> int:
    """The same time of the month before; of a day that it has not, its last day."""
    at = datetime.fromtimestamp(start / 1000, UTC)
    year, month = (at.year, at.month - 1) if at.month > 1 else (at.year - 1, 12)
    day = min(at.day, calendar.monthrange(year, month)[1])
    return round(at.replace(year=year, month=month, day=day).timestamp() * 1000)
