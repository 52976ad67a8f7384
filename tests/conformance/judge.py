"""Hold UCP messages against the models of `ucp-sdk`. Runs in the environment of one release of it, as a program.

Reads JSON lines from standard input, `{"model": "answer:get_cart", "value": {…}}` with a name of `MODELS`, and
prints a JSON line for each: the list of its faults, empty when it is valid.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

RELEASE = sys.argv[1]
SCHEMAS = "ucp_sdk.models.schemas"
# 2026-08-25 moved the shared types.
TYPES = "shopping.types" if RELEASE == "2026-04-08" else "common.types"
MODELS = {
    "request:search_catalog": ("shopping.catalog_search", "SearchRequest"),
    "request:lookup_catalog": ("shopping.catalog_lookup", "LookupRequest"),
    "request:get_product": ("shopping.catalog_lookup", "GetProductRequest"),
    "request:create_cart": ("shopping.cart_create_request", "CartCreateRequest"),
    "request:update_cart": ("shopping.cart_update_request", "CartUpdateRequest"),
    "answer:search_catalog": ("shopping.catalog_search", "SearchResponse"),
    "answer:lookup_catalog": ("shopping.catalog_lookup", "LookupResponse"),
    "answer:get_product": ("shopping.catalog_lookup", "GetProductResponse"),
    "answer:create_cart": ("shopping.discount", "Cart"),
    "answer:get_cart": ("shopping.discount", "Cart"),
    "answer:update_cart": ("shopping.discount", "Cart"),
    "answer:cancel_cart": ("shopping.cart", "Cart"),
    "answer:error": (f"{TYPES}.error_response", "ErrorResponse"),
    "profile:agent": ("ucp", "PlatformSchema"),
    "profile:business": ("ucp", "BusinessSchema"),
}


def main() -> None:
    for text in sys.stdin:
        line = json.loads(text)
        print(json.dumps(judge(line["model"], line["value"])), flush=True)  # noqa: T201 - the program's output


def judge(model: str, value: dict[str, Any]) -> list[str]:
    """Return what is wrong with `value`, a sentence for each fault."""
    module, name = MODELS[model]
    if (RELEASE, model) == ("2026-04-08", "request:update_cart"):
        value = {"id": "gid://shopify/Cart/1", **value}  # this schema wants an id that its own MCP binding forbids
    validate: Callable[[Any], object] = getattr(import_module(f"{SCHEMAS}.{module}"), name).model_validate
    try:
        validate(value)
    except import_module("pydantic").ValidationError as exc:
        return [f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in exc.errors(include_url=False)]
    return []


if __name__ == "__main__":
    main()
