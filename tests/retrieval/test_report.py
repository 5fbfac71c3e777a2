"""A document's report."""

from __future__ import annotations

from gateway.retrieval.report import Flag, Report, report_of


def test_shape_and_back() -> None:
    report = Report({"style": 3, "comment": 5, "tag": 1}, {"scanned_pages": 2}, (Flag(None, 0.9, ("override",)),))
    assert report_of(report.shape()) == report
    assert report_of({}) == Report()
    assert report.concealed == 4
    assert report.doubtful
    assert not Report().doubtful
