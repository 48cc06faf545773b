"""Checks documents against the models of Azure's SDK: azure_models.py FILE

The file is a list of [model, document]. Every key of a document has to be one of its model, and every
value of the type that the model gives it. What is wrong is printed, a line each.
"""

import json
import sys
import typing
from datetime import datetime
from enum import Enum

from azure.mgmt.network import models
from azure.mgmt.network.models import _models

# Annotations name it, and it is imported for type checkers alone.
_models._models = models

# Azure prints these next hop types, which its models do not have.
PRINTED = {"vnetpeering", "vnetglobalpeering"}


def fields(model):
    """The keys of a model, each with its type."""
    model.__new__(model)
    types = typing.get_type_hints(model)
    return {
        field._rest_name: types.get(name, typing.Any)
        for name, field in model._attr_to_rest_field.items()
    }


def check(value, wanted, where):
    """What is wrong with a value that has to be of a type."""
    origin, inner = typing.get_origin(wanted), typing.get_args(wanted)
    if wanted is typing.Any or value is None:
        return
    if origin is typing.Union:
        inner = [one for one in inner if one is not type(None)]
        words = [one for one in inner if isinstance(one, type) and issubclass(one, Enum)]
        if words and isinstance(value, str):
            known = {word.value.lower() for one in words for word in one}
            if value.lower() not in known | PRINTED:
                yield f"{where}: {value!r} is none of {sorted(known)}"
            return
        found = [list(check(value, one, where)) for one in inner]
        if all(found):
            yield from found[0]
    elif origin in (list, dict):
        if not isinstance(value, origin):
            yield f"{where}: {value!r} is no {origin.__name__}"
            return
        items = enumerate(value) if origin is list else value.items()
        for place, item in items:
            yield from check(item, inner[-1], f"{where}[{place}]")
    elif isinstance(wanted, type) and issubclass(wanted, _models._Model):
        if not isinstance(value, dict):
            yield f"{where}: {value!r} is no {wanted.__name__}"
            return
        known = fields(wanted)
        for key, item in value.items():
            if key in known:
                yield from check(item, known[key], f"{where}.{key}")
            else:
                yield f"{where}: {wanted.__name__} has no {key}"
    else:
        wanted = str if wanted is datetime else wanted
        is_number = wanted in (int, float) and isinstance(value, bool)
        if is_number or not isinstance(value, (int, float) if wanted is float else wanted):
            yield f"{where}: {value!r} is no {wanted.__name__}"


with open(sys.argv[1], encoding="utf-8") as file:
    documents = json.load(file)
wrong = set()
for model, document in documents:
    wanted = getattr(models, model.rstrip("*"))
    # A star stands for lists of it by any key.
    wanted = dict[str, list[wanted]] if model.endswith("*") else wanted
    wrong.update(check(document, wanted, model))
print(f"{len(documents)} documents")
for line in sorted(wrong):
    print(line)
