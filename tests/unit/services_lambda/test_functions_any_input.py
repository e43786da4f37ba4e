"""Whatever the model allows is answered or refused: no operation on functions stumbles over its input."""

import random
from dataclasses import replace

import pytest
from plane import HERE, ROLE, Plane, package
from test_settings_any_input import Inputs

from lambent.model.scope import Caller
from lambent.wire import serialize, service, validate
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

CALLS = 900
UNDER_TEST = (
    "CreateAlias", "CreateFunction", "DeleteAlias", "DeleteFunction", "GetAlias", "GetFunction",
    "GetFunctionConfiguration", "ListAliases", "ListFunctions", "ListVersionsByFunction", "PublishVersion",
    "UpdateAlias", "UpdateFunctionCode", "UpdateFunctionConfiguration",
)  # fmt: skip
CHOICES = {
    "FunctionName": ("f", "f", "f", "f:1", "f:live", "new", "missing", "f:$LATEST"),
    "Name": ("live", "a", "b"),
    "FunctionVersion": ("1", "2", "3", "9", "$LATEST"),
    "Qualifier": ("1", "2", "live", "$LATEST", "9"),
    "Runtime": ("python3.12", "python3.13", "python3.9", ""),
    "Handler": ("h.h", "x"),
    "Role": (ROLE,),
    "TargetArn": ("", "arn:aws:sqs:us-east-1:1:q", "arn::x:y", "arn:aws:s3:::b"),
    "KMSKeyArn": ("", "arn:aws:kms:us-east-1:1:key/k"),
    "Marker": ("", "W10=", "WyJmIiwgIjEiXQ==", "x"),
    "ImageUri": ("", "1.dkr.ecr.us-east-1.amazonaws.com/a:b", "a", "a/b@sha256:00"),
    "MasterRegion": ("ALL", "us-east-1"),
}  # fmt: skip


class FunctionInputs(Inputs):
    def _string(self, shape, name):
        if name in CHOICES:
            return self._chance.choice(CHOICES[name])
        if shape.name == "AdditionalVersion":
            return self._chance.choice(["1", "2", "9"])
        return super()._string(shape, name)

    def _blob(self, shape, name):
        return self._chance.choice([package(), package("2"), package("3"), b"no zip"])

    def _double(self, shape, name):
        return self._chance.choice([0.0, 0.5, 1.0])


@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_model_allows_of_functions(stage, seed: int) -> None:
    async def scene(plane: Plane) -> None:
        async def forward(request: Request, caller: Caller, service: str) -> Response:
            return Response(200, [], b"<vpcId>vpc-1</vpcId>")

        async def resolve(caller: Caller, uri: str) -> str:
            return "0" * 64

        plane.env = replace(plane.env, forward=forward, resolve_image=resolve)
        chance, model = random.Random(seed), service.load("lambda")
        inputs, done = FunctionInputs(chance, []), set()
        for _ in range(CALLS):
            if chance.random() < 0.5 or plane.env.functions.current(HERE, "f") is None:
                await plane.settle()
            if plane.env.functions.current(HERE, "f") is None:
                await plane.create(Publish=True)
                continue
            operation = chance.choice(UNDER_TEST)
            params = inputs.call(model.model.operation_model(operation).input_shape)
            try:
                validate.validate(model, operation, params)
                answer = await plane.call(operation, **params)
            except Fault as fault:
                known = {one.name for one in model.model.operation_model(operation).error_shapes}
                assert fault.code in known | {"ValidationException", "AccessDeniedException"}, (operation, fault)
                continue
            assert serialize.output(model, operation, answer, "id").status < 300
            done.add(operation)
        await plane.settle()
        for record in plane.env.functions:
            assert record.configuration["State"] == "Active"
            again = type(record).load(record.scope, record.name, record.version, record.created, record.dump())
            assert again.running == record.running
        assert len(done) >= len(UNDER_TEST) - 3, set(UNDER_TEST) - done

    stage(scene)
