"""Heavy things at the start."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Module
from lambent.pitfalls.finding import Hit, Rule

LOADS = {"load_model", "from_pretrained", "torch.load", "joblib.load", "pickle.load", "spacy.load", "SentenceTransformer",
         "load_weights", "InferenceSession"}  # fmt: skip
HEAVY = {"tensorflow", "torch", "transformers", "sentence_transformers", "spacy", "keras"}


def check(project: Project) -> Iterator[Hit]:
    """Models loaded at import with libraries that take seconds."""
    for function in project.functions:
        if function.code is None or not function.code.imported & HEAVY:
            continue
        for module, statement in function.code.at_import:
            for node in ast.walk(statement):
                if isinstance(node, ast.Call) and _loads(node, module):
                    yield Hit(module.place(node), "a model is loaded while the environment starts", function)


def _loads(node: ast.Call, module: Module) -> bool:
    name = module.dotted(node.func)
    last = node.func.attr if isinstance(node.func, ast.Attribute) else name.rpartition(".")[2]
    return name in LOADS or last in LOADS


RULE = Rule(
    code="EXE006",
    title="Init may take longer than its 10 seconds",
    level="warning",
    reliability="likely",
    production="Init is cut after 10 s and run again inside the invocation, under the function's timeout and billed: the"
    " first caller waits for both.",
    mend="more memory (CPU goes with it), SnapStart, provisioned concurrency, or load at first use",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html",),
    seeds="000, 002",
)
