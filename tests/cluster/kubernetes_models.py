"""Reads manifests as the models of Kubernetes' own Python client have them, and prints what these do not know.

A field that is unknown is lost on the way through the model, a value of the wrong type comes back as another one, and a
field that is missing is refused. Takes a list of texts in JSON, and prints a list of problems for each.
"""

import json
import sys

import yaml
from kubernetes import client


class Answer:
    """What the client takes as the answer of a server."""

    def __init__(self, data):
        self.data = data


def differences(given, known, path):
    if isinstance(given, dict) and isinstance(known, dict):
        for name, value in given.items():
            # The model has no empty objects.
            if name in known:
                yield from differences(value, known[name], f"{path}.{name}")
            else:
                yield f"{path}.{name}: unknown"
    elif isinstance(given, list) and isinstance(known, list) and len(given) == len(known):
        for index, value in enumerate(given):
            yield from differences(value, known[index], f"{path}[{index}]")
    elif type(given) is not type(known) or given != known:
        yield f"{path}: {json.dumps(given)} is of another type"


def problems(document):
    kind = document["kind"]
    name = f"{kind} {document['metadata']['name']}"
    version = document["apiVersion"].split("/")[-1]
    api = client.ApiClient()
    try:
        model = api.deserialize(Answer(json.dumps(document)), version[0].upper() + version[1:] + kind)
    except (AttributeError, ValueError, TypeError) as error:
        yield f"{name}: {error}"
        return
    yield from differences(document, api.sanitize_for_serialization(model), name)


texts = json.load(sys.stdin)
print(json.dumps([[problem for each in yaml.safe_load_all(text) for problem in problems(each)] for text in texts]))
