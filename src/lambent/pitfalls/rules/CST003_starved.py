"""Too little CPU for what it does."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.finding import Hit, Rule

HUNGRY = {"numpy", "pandas", "scipy", "sklearn", "PIL", "cv2", "matplotlib", "tensorflow", "torch", "moviepy", "pyarrow",
          "skimage", "xgboost", "lightgbm", "onnxruntime", "sharp", "jimp", "puppeteer", "ffmpeg", "reportlab"}  # fmt: skip
LITTLE = 256


def check(project: Project) -> Iterator[Hit]:
    """Up to 256 MB with libraries that compute."""
    for function in project.functions:
        memory = function.fact("MemorySize")
        size = 128 if memory.absent and function.listed else memory.number
        hungry = sorted(HUNGRY & _imported(function))
        if hungry and size is not None and size <= LITTLE:
            share = size / 1769
            yield Hit(memory, f"{', '.join(hungry)} with {share:.0%} of one CPU ({size} MB)", function)


def _imported(function: Function) -> set[str]:
    found: set[str] = function.code.imported if function.code is not None else set()
    return found


RULE = Rule(
    code="CST003",
    title="Too little CPU for libraries that compute",
    level="info",
    reliability="likely",
    production="CPU goes with memory (one CPU at 1,769 MB): with half of it work takes twice as long, is as dear, and may"
    " not end in time.",
    mend="measure at several sizes (aws-lambda-power-tuning); often 1,024 MB cost no more",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html",),
    seeds="001, 002",
)
