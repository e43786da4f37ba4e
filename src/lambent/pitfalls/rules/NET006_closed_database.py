"""A database that does not let the function in."""

from collections.abc import Iterator

from lambent.pitfalls import networks
from lambent.pitfalls.facts.project import Function, Project, Resource
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Functions that are told a database's address, and stand outside of its network or its groups."""
    for function in project.functions:
        database = networks.database(function)
        if database is None or not function.listed:
            continue
        if function.fact("VpcConfig").absent:
            if _inside(database) and not any(map(_public, function.stack.of("AWS::RDS::DBInstance"))):
                yield Hit(function, f"{database.id} stands in a VPC, the function does not", function)
        elif _closed(function, database):
            yield Hit(
                function.fact("VpcConfig", "SecurityGroupIds"),
                f"no rule of {database.id}'s security groups lets the function's in",
                function,
            )


def _public(database: Resource) -> bool:
    return database.properties.get("PubliclyAccessible") not in (None, False, "false")


def _inside(database: Resource) -> bool:
    groups = ("DBSubnetGroupName", "VPCSecurityGroups", "VpcSecurityGroupIds", "CacheSubnetGroupName", "SubnetIds")
    return not _public(database) and any(name in database.properties for name in groups)


def _closed(function: Function, database: Resource) -> bool:
    """Whether all groups are of the stack, all their rules can be read, and none fits."""
    own = networks.groups(function.stack, function.fact("VpcConfig", "SecurityGroupIds").value)
    theirs = networks.groups(function.stack, networks.guards(database))
    if not own or not theirs or function.stack.open or any(one in theirs for one in own):
        return False
    rules = [rule for group in theirs for rule in networks.ingress(function.stack, group)]
    return all(networks.keeps_out(rule, own, function.stack) for rule in rules)


RULE = Rule(
    code="NET006",
    title="The database does not let the function in",
    level="error",
    reliability="certain",
    production="Connections hang until the function times out; the log says nothing about security groups.",
    mend="put the function into the database's VPC, and allow its security group on the database's port",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/services-rds.html",),
    seeds="002, 004",
    silent="a group, or a rule of it, is of another stack or a parameter",
)
