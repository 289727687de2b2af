"""A `.rq` file with a header becomes a query that can be bound: values in, SPARQL out, its structure never changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from stelsel.errors import ContentError, InputError, ParameterError
from stelsel.querying import describing, header
from stelsel.querying.guard import Form, judge
from stelsel.querying.lexer import Token, place, tokens
from stelsel.querying.parameters import Parameter, Text
from stelsel.querying.results import Column
