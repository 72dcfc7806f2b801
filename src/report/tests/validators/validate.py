"""Validates reports with what others read them by; prints what is wrong and fails.

    validate.py junit SCHEMA.xsd REPORT.xml...
    validate.py ocsf REPORT.json...
"""

import json
import sys

# Of the profile `cloud`, which the models leave to their users.
OF_PROFILES = {"cloud"}


def junit(schema_file, *files):
    import xmlschema

    schema = xmlschema.XMLSchema(schema_file)
    for file in files:
        for error in schema.iter_errors(file):
            yield f"{file}: {error.path}: {error.reason}"


def ocsf(*files):
    from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
    from pydantic import ValidationError

    known = set(ComplianceFinding.model_fields) | OF_PROFILES
    for file in files:
        with open(file, encoding="utf-8") as text:
            events = json.load(text)
        for at, event in enumerate(events):
            for key in sorted(set(event) - known):
                yield f"{file}: event {at}: no attribute {key}"
            try:
                ComplianceFinding.model_validate(event)
            except ValidationError as error:
                yield f"{file}: event {at}: {error}"


def main(format, *arguments):
    wrong = list({"junit": junit, "ocsf": ocsf}[format](*arguments))
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
