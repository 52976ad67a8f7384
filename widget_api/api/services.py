"""The parts of one running app, built once from its settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from flask import Flask, current_app

from widget_api import llm
from widget_api.api.downloads import Downloads
from widget_api.api.places import Places
from widget_api.api.slots import Slots
from widget_api.backups.daily import Daily
from widget_api.boot_check import BootCheck
from widget_api.bulkhead import Bulkhead
from widget_api.config import Config, ConfigError
from widget_api.limits import Limits
from widget_api.llm.base import Model
from widget_api.llm.check import each_of
from widget_api.llm.queue import Queues
from widget_api.models import Shop
from widget_api.shopify.endpoint import Endpoint
from widget_api.shopify.http import Http
from widget_api.shopify.negotiation import PROFILE_PATH
from widget_api.shopify.store import Store
from widget_api.streams import readers, shared
from widget_api.streams.shared import SharedStreamLog
from widget_api.tokens import Tokens
from widget_api.turns.engine import Engine
from widget_api.turns.journal import Journal
from widget_api.turns.run import MODEL_TOOLS
from widget_api.turns.written import WrittenLog

# Requests of one shop that may wait for it at the same time, however many threads there are.
WAITING_FOR_A_SHOP = 8
# Shared pages that are rendered at once. Each takes a second or two at worst.
RENDERS = 8
# A model that does not call this one has no use for the others.
SEARCH = next(tool for tool in MODEL_TOOLS if tool.name == "search_catalog")


@dataclass(slots=True)
class Shops:
    """Each shop's model and storefront."""

    config: Config
    model_of_all: Model
    queues: Queues = field(default_factory=Queues)
    http: Http = field(default_factory=Http)
    _own_models: dict[str, Model] = field(default_factory=dict)

    def model(self, shop: Shop) -> Model:
        """The model that answers for this shop: its own choice, or the one of all."""
        if not shop.model or self.config.model_api == "demo":
            return self.model_of_all
        if shop.model not in self._own_models:
            self._own_models[shop.model] = llm.from_config(replace(self.config, model_name=shop.model), self.queues)
        return self._own_models[shop.model]

    def report(self) -> dict[str, str]:
        """What the operator should know of the models; empty when they answer."""
        return llm.report([self.model_of_all, *self._own_models.copy().values()])

    def store(self, shop: Shop, page: dict[str, str]) -> Store:
        """The shop's storefront, asked as from the shopper's country, currency and language."""
        endpoint = Endpoint(
            domain=shop.domain,
            url=shop.mcp_url,
            profile=self.config.public_url + PROFILE_PATH,
            country=page.get("country", ""),
            currency=page.get("currency", ""),
            language=page.get("locale", ""),
            origins=tuple(shop.origins),
        )
        return Store(endpoint, self.http)


@dataclass(slots=True)
class Services:
    """What the views use."""

    config: Config
    tokens: Tokens
    limits: Limits
    shops: Shops
    log: SharedStreamLog
    engine: Engine
    streams: Places
    boot_check: BootCheck
    waiting: Bulkhead  # of the threads that answer requests: those that may wait for shops
    downloads: Downloads = field(default_factory=Downloads)
    renders: Slots = field(default_factory=lambda: Slots(RENDERS))  # of shared pages

    @property
    def model(self) -> Model:
        """The model of all shops that have not chosen their own."""
        return self.shops.model_of_all

    @classmethod
    def build(cls, config: Config) -> Services:
        """Connect the parts. Starts no thread and opens no connection. Raises `ConfigError`."""
        try:
            queues = Queues(config.model_concurrency)
            shops = Shops(config, llm.from_config(config, queues), queues)
        except ValueError as exc:
            raise ConfigError(str(exc)) from exc
        boot_check = BootCheck(config, lambda: each_of(shops.model_of_all)[0], SEARCH)
        log = shared.build(config.redis_url, WrittenLog())
        limits = Limits.parse(config.rate_limits, config.redis_url)
        engine = Engine(
            shops,
            log,
            Journal(),
            max_turns=config.max_streams,
            max_turns_of_session=limits.at_once("turns"),
            turn_seconds=config.model_turn_seconds,
            chores=_one_after_the_other(Daily(config), boot_check),
        )
        streams = Places(
            config.max_streams,
            readers.build(config.redis_url, limits.at_once("readers")),
            limits.at_once("address-readers"),
        )
        return cls(
            config=config,
            tokens=Tokens(config.secret_keys),
            limits=limits,
            shops=shops,
            log=log,
            engine=engine,
            streams=streams,
            boot_check=boot_check,
            waiting=Bulkhead(config.request_threads // 2, most=WAITING_FOR_A_SHOP),
        )

    def init_app(self, app: Flask) -> None:
        app.extensions["widget"] = self

    def close(self, grace: float) -> None:
        """End everything; running turns have `grace` seconds before they are left to another process."""
        self.engine.close(grace)
        self.limits.close()
        self.streams.close()


def _one_after_the_other(*chores: Callable[[], None]) -> Callable[[], None]:
    def do() -> None:
        for chore in chores:
            chore()

    return do


def services() -> Services:
    """The parts of the app that answers this request."""
    return current_app.extensions["widget"]  # type: ignore[no-any-return]
