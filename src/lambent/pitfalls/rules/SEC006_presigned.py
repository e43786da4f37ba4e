"""Links that die before their time."""

from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Presigned links for longer than a role's credentials live."""
    for function in project.functions:
        for call in effects.calling(function, "s3", "generate_presigned_url", "generate_presigned_post"):
            seconds = call.fold("ExpiresIn")
            if isinstance(seconds, int) and seconds > 43_200:
                text = f"the link is to live {seconds / 3600:g} hours, the role's credentials live 12 at most"
                yield Hit(call.place, text, function)


RULE = Rule(
    code="SEC006",
    title="A presigned link for longer than its credentials live",
    level="warning",
    reliability="likely",
    production="The link is signed with the role's temporary key and dies with it, after some hours, whatever ExpiresIn"
    " says (and never lives longer than 7 days).",
    mend="sign for hours, or make the link when it is asked for",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html",),
    seeds="002",
)
