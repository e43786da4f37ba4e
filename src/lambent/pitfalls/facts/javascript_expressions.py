"""JavaScript's assignments, functions and calls in Python's syntax tree."""

import ast
import re
from typing import Any

from lambent.pitfalls.facts import javascript_sdk as sdk
from lambent.pitfalls.facts.javascript_names import DELAYS, FILES, GETS, METHODS, PLAIN, Scope, children
from lambent.pitfalls.facts.javascript_values import Values

FUNCTIONS = ("arrow_function", "function_expression", "generator_function")


_LISTS = ("member_expression", "binary_expression", "identifier")


class Expressions(Values):
    """What changes, what is called."""

    def e_assignment_expression(self, node: Any) -> ast.expr:
        """An assignment inside an expression."""
        return self.statements_as_part(self.changes(node), node)

    e_augmented_assignment_expression = e_assignment_expression
    e_update_expression = e_assignment_expression

    def changes(self, node: Any) -> list[ast.stmt]:
        """a = b, a += b, a++."""
        left = node.child_by_field_name("left") or node.child_by_field_name("argument")
        if left.type == "identifier":
            self.assign(self.text(left))
        target = self.target(left)
        right = node.child_by_field_name("right")
        value = self.expr(right) if right is not None else self.constant(1, node)
        operator = node.child_by_field_name("operator")
        kept = operator is not None and self.text(operator) in ("??=", "||=", "&&=")
        if node.type == "assignment_expression" or kept:
            if self.text(left).endswith(".length"):
                owner = self.expr(left.child_by_field_name("object"))
                clear = self.put(ast.Attribute(value=owner, attr="clear", ctx=ast.Load()), node)
                return [self.put(ast.Expr(value=self.call(clear, [], node)), node)]
            if right is not None and left.type == "identifier":
                self.remember(self.text(left), right)
            made = self.put(ast.Assign(targets=[target], value=value), node)
            return [self.put(ast.If(test=self.expr(left), body=[made], orelse=[]), node) if kept else made]
        return [self.put(ast.AugAssign(target=target, op=ast.Add(), value=value), node)]

    def function(self, node: Any, name: str) -> ast.stmt:
        """A definition. Names of the module that it assigns are `global`."""
        parameters = self.parameters(node)
        self.scopes.append(Scope(set(parameters), set()))
        body = self._body(node)
        free = self.leave()
        if free and not self.scopes:
            body.insert(0, self.put(ast.Global(names=sorted(free)), node))
        maker = ast.AsyncFunctionDef if node.child(0).type == "async" else ast.FunctionDef
        arguments = ast.arguments(
            posonlyargs=[], args=[self.put(ast.arg(arg=one), node) for one in parameters], kwonlyargs=[],
            kw_defaults=[], defaults=[],
        )  # fmt: skip
        return self.put(maker(name=name, args=arguments, body=body, decorator_list=[]), node)

    def _body(self, node: Any) -> list[ast.stmt]:
        body = node.child_by_field_name("body")
        if body is None:
            return [self.put(ast.Pass(), node)]
        if body.type == "statement_block":
            return self.block(body)
        return [self.put(ast.Return(value=self.expr(body)), body)]

    def e_arrow_function(self, node: Any) -> ast.expr:
        """A function without a name."""
        if node.id in self.named:
            return self.name(self.named[node.id], node)
        parameters = self.parameters(node)
        self.scopes.append(Scope(set(parameters), set()))
        body = self._body(node)
        free = self.leave()
        if self.scopes:
            self.scopes[-1].assigned.update(free)
        return self.statements_as_part(body, node, [self.name(one, node, store=True) for one in parameters])

    e_function_expression = e_arrow_function
    e_generator_function = e_arrow_function

    def e_new_expression(self, node: Any) -> ast.expr:
        """new: clients, maps and sets, a wait; everything else is a call."""
        maker, arguments = node.child_by_field_name("constructor"), node.child_by_field_name("arguments")
        dotted, given = self.known(maker), children(arguments) if arguments is not None else []
        service = sdk.client(dotted)
        if service is not None:
            words = self.keywords(given[0]) if given and given[0].type == "object" else []
            made = self.client(service, node)
            made.keywords = [*words, *self._spread(given)]  # type: ignore[attr-defined]
            return made
        if dotted == "Promise":
            waited = re.search(r"setTimeout\(\s*\w+\s*,\s*([\w.]+)\s*\)", self.text(node))
            if waited:
                return self.call(self.dotted("time.sleep", node), [self._seconds(waited[1], node)], node)
        made_as = {"Map": "dict", "WeakMap": "dict", "Set": "set", "WeakSet": "set", "Array": "list"}.get(dotted)
        func = self.name(made_as, node) if made_as else self.expr(maker)
        return self.call(func, [self.expr(one) for one in given], node)

    def _seconds(self, text: str, node: Any) -> ast.expr:
        """Milliseconds that a wait names, as seconds; a name stands for what can't be known."""
        plain = text.replace("_", "")
        return self.constant(int(plain) / 1000, node) if plain.isdigit() else self.name(text.partition(".")[0], node)

    def _spread(self, given: list[Any]) -> list[ast.keyword]:
        return [self.put(ast.keyword(arg=None, value=self.expr(one)), one) for one in given if one.type != "object"]

    def e_call_expression(self, node: Any) -> ast.expr:
        """A call: of the SDK, of files, of the console, of collections; any other as it stands."""
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if arguments.type != "arguments":
            return self.parts(node)
        given = children(arguments)
        if function.type == "member_expression":
            owner, method = function.child_by_field_name("object"), self.text(function.child_by_field_name("property"))
            special = self._of_sdk(owner, method, given, node) or self._of_collection(owner, method, given, node)
            if special is not None:
                return special
        return self._by_name(function, given, node) or self.call(
            self.expr(function), [self.expr(one) for one in given], node
        )

    def _of_sdk(self, owner: Any, method: str, given: list[Any], node: Any) -> ast.expr | None:
        if method == "promise" and not given:
            return self.expr(owner)
        if method in ("from", "captureAWSv3Client", "captureAWSClient") and given and given[0].type != "string":
            return self.expr(given[0]) if method != "from" or "Document" in self.text(owner) else None
        if method == "send" and given:
            command = given[0] if given[0].type == "new_expression" else self.value_of(given[0])
            made = self._command(command, node) if command is not None else None
            if made is not None:
                return made
        if method == "done" and not given:
            return self._upload(self.value_of(owner) or owner, node)
        service = self.service_of(owner)
        if service is None or method == "send":
            return None
        func = self.put(
            ast.Attribute(value=self.name(f"__{service}", node), attr=sdk.method(service, method), ctx=ast.Load()), node
        )
        self.services.add(service)
        callbacks = [self.expr(one) for one in given[1:] if one.type in FUNCTIONS]
        return self.call(func, callbacks, node, self._input(given[:1]))

    def _operation(self, service: str, operation: str, node: Any, words: list[ast.keyword]) -> ast.Call:
        """A call of a service's client."""
        self.services.add(service)
        func = self.put(ast.Attribute(value=self.name(f"__{service}", node), attr=operation, ctx=ast.Load()), node)
        return self.call(func, [], node, words)

    def _upload(self, made: Any, node: Any) -> ast.expr | None:
        """`new Upload({client, params}).done()`."""
        if made.type != "new_expression" or self.known(made.child_by_field_name("constructor")) != sdk.UPLOAD:
            return None
        given = children(made.child_by_field_name("arguments"))
        options = (self.value_of(given[0]) or given[0]) if given else None
        params = self.member(options, "params") if options is not None else None
        return self._operation("s3", "put_object", node, self._input([params] if params is not None else []))

    def _pages(self, known: str, given: list[Any], node: Any) -> ast.expr | None:
        """`paginateScan({client}, {TableName})`, said as boto3 does."""
        found = sdk.pages(known)
        if found is None:
            return None
        paginator = self._operation(found[0], "get_paginator", node, [])
        paginator.args = [self.constant(found[1], node)]
        func = self.put(ast.Attribute(value=paginator, attr="paginate", ctx=ast.Load()), node)
        return self.call(func, [], node, self._input(given[1:2]))

    def _signed(self, known: str, given: list[Any], node: Any) -> ast.expr | None:
        """`getSignedUrl(client, new GetObjectCommand({Bucket, Key}), {expiresIn})`."""
        if known != sdk.SIGNS or len(given) < 2:
            return None
        command = self.value_of(given[1]) or given[1]
        maker = command.child_by_field_name("constructor") if command.type == "new_expression" else None
        found = sdk.command(self.known(maker)) if maker is not None else None
        if found is None:
            return None
        arguments = command.child_by_field_name("arguments")
        pairs = self._input(children(arguments)[:1] if arguments is not None else [])
        keys = [None if one.arg is None else self.constant(one.arg, node) for one in pairs]
        params = self.put(ast.Dict(keys=list(keys), values=[one.value for one in pairs]), node)
        made = self._operation(found[0], "generate_presigned_url", node, [])
        made.args = [self.constant(found[1], node), params]
        seconds = self.member(given[2], "expiresIn") if len(given) > 2 and given[2].type == "object" else None
        if seconds is not None:
            made.args.append(self.expr(seconds))
        return made

    def _command(self, command: Any, node: Any) -> ast.expr | None:
        if command.type != "new_expression":
            return None
        found = sdk.command(self.known(command.child_by_field_name("constructor")))
        if found is None:
            return None
        arguments = command.child_by_field_name("arguments")
        return self._operation(*found, node, self._input(children(arguments)[:1] if arguments is not None else []))

    def _input(self, given: list[Any]) -> list[ast.keyword]:
        """The arguments of an SDK call: of an object that stands there, or of one that a name holds."""
        if not given:
            return []
        value = given[0] if given[0].type == "object" else self.value_of(given[0])
        if value is not None and value.type == "object":
            changed = [given[0]] if value is not given[0] and self.changed(self.text(given[0])) else []
            return [*self.keywords(value), *self._spread(changed)]
        return self._spread(given)

    def _of_collection(self, owner: Any, method: str, given: list[Any], node: Any) -> ast.expr | None:
        if method in ("forEach", "map") and given and given[0].type in FUNCTIONS and self._of_records(owner):
            inner = self.e_arrow_function(given[0])
            loop = ast.For(target=inner.params[0] if inner.params else self.name("_", node, store=True),  # type: ignore[attr-defined]
                           iter=self.expr(owner), body=inner.body, orelse=[])  # type: ignore[attr-defined]  # fmt: skip
            return self.statements_as_part([self.put(loop, node)], node)
        if owner.type not in ("identifier", "member_expression"):
            return None
        args = [self.expr(one) for one in given]
        if method == "has" and len(args) == 1:
            return ast.Compare(left=args[0], ops=[ast.In()], comparators=[self.expr(owner)])
        if method in METHODS and self.known(owner).partition(".")[0] not in ("fs", "fs/promises", "fs-extra"):
            func = self.put(ast.Attribute(value=self.expr(owner), attr=METHODS[method], ctx=ast.Load()), node)
            return self.call(func, args, node)
        return None

    def _of_records(self, owner: Any) -> bool:
        """Whether a list is the event's records, also by the name that holds them."""
        held = self.value_of(owner)
        return "Records" in self.text(owner) or (
            held is not None and held.type in _LISTS and "Records" in self.text(held)
        )

    def _by_name(self, function: Any, given: list[Any], node: Any) -> ast.expr | None:
        known = self.known(function)
        if known in GETS and len(given) > 1 and given[1].type == "string":
            return self.path(self.expr(given[0]), self.string(given[1]), node)
        if known in DELAYS and given:
            return self.call(self.dotted("time.sleep", node), [self._seconds(self.text(given[0]), node)], node)
        of_sdk = self._pages(known, given, node) or self._signed(known, given, node)
        if of_sdk is not None:
            return of_sdk
        args = [self.expr(one) for one in given]
        owner, _, last = known.rpartition(".")
        if owner == "console":
            return self.call(self.name("print", node), args, node)
        if known in PLAIN:
            return self.call(self.dotted(PLAIN[known], node), args, node)
        if owner.partition(".")[0] in ("fs", "fs/promises", "fs-extra") and last in FILES:
            name, mode = FILES[last]
            modes: list[ast.expr] = [self.constant(mode, node)] if mode else []
            return self.call(self.dotted(name, node), [*args[:1], *modes] if mode else args[:1], node)
        failing = known in ("callback", "cb", "done") and args and not isinstance(args[0], ast.Constant)
        if failing or known in ("reject", "Promise.reject"):
            return self.call(self.name("fail", node), args, node)
        return None
