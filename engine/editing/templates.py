"""The texts of a new pack, a new rule and a new case."""

from __future__ import annotations

from collections.abc import Mapping

PACK_FILES: Mapping[str, str] = {
    "pack.yaml": """\
# yaml-language-server: $schema=schema/NAME/pack.schema.json
#
# The questions that the rules answer.
language: 1
name: NAME
version: 0.1.0
title: TITLE
decisions:
  recourse:
    type: enum
    label: Can the lender collect a shortfall from the borrower?
    values:
      none: No, the lender has to be content with the collateral
      full: Yes, the borrower answers for the whole debt
    otherwise: full
    otherwise_because: Who borrows owes what was borrowed, unless a rule says otherwise.
""",
    "vocabulary.yaml": """\
# yaml-language-server: $schema=schema/NAME/vocabulary.schema.json
#
# Everything that can be known of a loan, with a question for a person.
facts:
  contract_recourse:
    type: enum
    label: What the contract says about recourse
    question: Does your contract say whether the lender has recourse to you?
    group: Loan
    values:
      recourse: It says that the lender has recourse
      nonrecourse: It says that the lender has no recourse
      silent: It does not say
""",
    "rules.yaml": """\
# yaml-language-server: $schema=schema/NAME/rules.schema.json
title: What the contract says
rules:
  - id: contract.nonrecourse
    title: A nonrecourse clause protects the borrower
    decides: recourse
    when: {contract_recourse: nonrecourse}
    then: none
    # TO DO: replace this authority by the text that says so, with its `url`.
    authority:
      kind: secondary
      cite: (to be replaced)
      confidence: low
    because: The contract limits the lender to the collateral.
""",
    "cases/cases.yaml": """\
# yaml-language-server: $schema=../schema/NAME/cases.schema.json
- case: A nonrecourse loan is paid by the collateral alone
  given: {contract_recourse: nonrecourse}
  expect: {recourse: none, by: contract.nonrecourse}
""",
    "README.md": """\
# TITLE
`recourse check .` proves that no two rules contradict and no loan falls through; it runs the cases.
`recourse schema . --out schema` makes your editor know the facts and decisions that you add.
""",
}
"""The files of a new pack; NAME and TITLE stand for its own."""

RULE = """\
# TO DO: write what stands in parentheses, and the condition. As it stands it never holds, and
# nothing changes yet. Then remove the rule's entry under `accepted` in pack.yaml.
- id: {id}
  title: (what the rule says, in a few words)
  decides: {decides}
  when: {{{test}, not: {{{test}}}}}
  then: {then}
  authority:
    kind: secondary
    cite: (to be replaced)
    confidence: low
  because: (the reason, in a sentence for the borrower)
"""

ACCEPTED = """\
- finding: never-applies
  about: {id}
  because: Its condition is still to be written.
  date: {today}
"""

CASE = """\
# TO DO: write the loan and what you expect of it. As it stands it expects what the rules say now.
- case: {name}
  given: {{{given}}}
  expect: {{{expect}}}
"""
