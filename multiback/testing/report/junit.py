"""The report as JUnit XML, which continuous-integration servers show."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from multiback.testing.report.json_report import Report


def write(report: Report, path: str | Path) -> None:
    """Writes one test suite per backend and one test case per check; declared deviations are skipped tests."""
    root = ElementTree.Element("testsuites", name="multiback conformance")
    for name, backend in report["backends"].items():
        own = [r for r in report["results"] if r["backend"] == name]
        summary = backend["summary"]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=f"{name} {backend['version']}",
            tests=str(summary["total"]),
            failures=str(sum(not r["acceptable"] and r["status"] != "error" for r in own)),
            errors=str(summary["error"]),
            skipped=str(sum(r["acceptable"] and r["status"] != "passed" for r in own)),
            time=str(summary["seconds"]),
        )
        for result in own:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=f"{name}.{result['kind']}.{result['subject']}",
                name=result["id"],
                time=str(result["seconds"]),
            )
            if result["status"] == "passed":
                continue
            if result["acceptable"]:
                ElementTree.SubElement(case, "skipped", message=result["deviation"]["reason"])
            else:
                tag = "error" if result["status"] == "error" else "failure"
                ElementTree.SubElement(case, tag, message=result["status"]).text = result["message"]
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
