#!/usr/bin/env python3
"""Checks PDFs against PDF/UA-1 with a validator that is not ours. It needs page-validation (MIT,
12 MB, no dependencies), whose rules are those of veraPDF:

    python3 -m venv FOLDER && FOLDER/bin/pip install page-validation==0.11.0
    MEDCHAIN_SAMPLES=SAMPLES cargo test -p medchain-report write -- --ignored
    FOLDER/bin/python scripts/check-pdf-ua.py SAMPLES/*.pdf

Prints each rule that a file breaks; the exit code is 0 if there is none.
"""

import sys

try:
    from page import PageError, ValidationProfile, validate_pdf
except ImportError:
    sys.exit(f"check-pdf-ua: there is no page-validation.\n\n{__doc__}")


def broken(path: str) -> list[str]:
    """What is wrong with a file."""
    try:
        report = validate_pdf(path, profile=ValidationProfile.PDF_UA_1)
    except (PageError, OSError) as error:
        return [f"it cannot be read: {error}"]
    found = [f"{one.rule_id}: {one.message}" for one in report.failures]
    # A report without a finding that does not conform is a finding.
    return found if found or report.is_compliant else ["it does not conform"]


def main() -> int:
    """Checks the files that are named."""
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    failed = 0
    for path in sys.argv[1:]:
        found = broken(path)
        failed += bool(found)
        print(f"{'FAILED' if found else 'ok    '}  {path}")
        for line in found:
            print(f"        {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
