"""Proofs of equality, line by line: each line has to equal the one before, and a false one says where not.

>>> step = check_step("tanh(z)", "(e^z - e^-z) / (e^z + e^-z)")
>>> step.verdict, step.message
('equal', 'Equal.')
>>> print(check_step("tanh(z)", "sinh(z)").message)
At z = 1 the line before is 0.762, and this one is 1.18.

Nothing here needs NumPy or the compiler, so the same code checks a proof on the server and, in
WebAssembly, in a page that has none.
"""

from __future__ import annotations

from nonlin.proof.lines import Step, check_proof, check_step
from nonlin.proof.request import answer, answer_text

__all__ = ["Step", "answer", "answer_text", "check_proof", "check_step"]
