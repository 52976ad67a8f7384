"""The peers: chat widgets on npm, each put into a page as its own documentation says."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.programs import Missing

MINUTES = 3


@dataclass(frozen=True)
class Peer:
    """One release of a widget. `embed` is what a shop pastes, `{at}` where the package's files lie."""

    name: str
    version: str
    integrity: str
    embed: str
    runs: bool = True  # whether what is packed works by itself; React has to be brought to some

    @property
    def package(self) -> str:
        return f"{self.name}@{self.version}"


PEERS = (
    Peer(
        "@papercups-io/chat-widget",
        "1.3.1",
        "sha512-60XsNWzfz7m2H3+u35WPyUwfWx3iwX6s9N9baZ6qZUyUSlsMxQ2DhgePGSMP2SGRHxeyKZ4HtKsUWM2msYKwdA==",
        '<script type="module" src="{at}/dist/index.modern.js"></script>',
        runs=False,
    ),
    Peer(
        "open-chat-studio-widget",
        "0.6.0",
        "sha512-PJmjPRp4dRn9jy2YTwFNHlmS9uKaaOCgtuM/+Jqs1phlgbPfPW0tMQa13RFJTrWufsAe+RfFE4ZZTMpnLtNlZA==",
        '<script type="module" src="{at}/dist/open-chat-studio-widget/open-chat-studio-widget.esm.js"></script>'
        '<open-chat-studio-widget visible="false" chatbot-id="bench" button-text="Chat"></open-chat-studio-widget>',
    ),
    Peer(
        "@agentman/chat-widget",
        "5.13.3",
        "sha512-wl/p0WuD6b8RxI9yKa9y+dR3bkkKmR4dQdMkgZ6kZXjRrplJ9dluIcLeGFhlKwDjzdW+WKp/5W0ZnkaRrl1+Gg==",
        '<script src="{at}/dist/index.js"></script><div id="chat"></div><script>new AgentmanChatWidget.ChatWidget('
        "{{ variant: 'corner', containerId: 'chat', api: {{ url: location.origin, token: 'bench' }} }})</script>",
    ),
    Peer(
        "deep-chat",
        "2.4.2",
        "sha512-wQNd6Z6HDoH7OMeoQKpmxDm9XdWrRjMkBJ2yl5tsYND9Dz2UCv/BdGVM8vK2V0mhO1u+OniHYPWDGvjlNxjCeQ==",
        '<script type="module" src="{at}/dist/deepChat.bundle.js"></script>'
        """<deep-chat connect='{{"url": "/api/chat"}}'></deep-chat>""",
    ),
    Peer(
        "@botpress/webchat",
        "4.5.2",
        "sha512-PDcVDTRMdI4dohijuygzauI1gUOZ/QpPK+PbJmmKHPrYw+evWFUlD49sqqy8Jeg/RLpcJ88P6KiYSVoeXpd4HQ==",
        '<link rel="stylesheet" href="{at}/dist/style.css"><script src="{at}/dist/index.umd.cjs"></script>',
        runs=False,
    ),
    Peer(
        "@typebot.io/js",
        "0.10.7",
        "sha512-c5GKjgJlfSjOIhTm8kqohWE/daJeBWlnqK6Xi3AYlFu/3W0NkqsD+T6G+ehu2sDGv8po+FuMB/K6g12/zQVN2Q==",
        "<script type=\"module\">import Typebot from '{at}/dist/web.js';"
        "Typebot.initBubble({{ typebot: 'bench', apiHost: location.origin }})</script>",
    ),
    Peer(
        "flowise-embed",
        "3.1.6",
        "sha512-xSrvBDiEvIIzRFsPBgmzG3SdfBeG4wBzdchdMurft5PQcdYO0HfB8cwGhn00fE5JOsdhVZXfJ3Fq6e/DgrW4ag==",
        "<script type=\"module\">import Chatbot from '{at}/dist/web.js';"
        "Chatbot.init({{ chatflowid: 'bench', apiHost: location.origin }})</script>",
    ),
    Peer(
        "@voiceflow/react-chat",
        "1.65.2",
        "sha512-lPD/ObTLcU5Dp7b4xhYjsDJM+DZnlOfhnwoo6zXC14m+KAzaukeuePi6OML6zNBxLw3NxlRoaK0R1M+gHr9AUg==",
        '<script src="{at}/dist/bundle.mjs" onload="'
        "voiceflow.chat.load({{ verify: {{ projectID: 'bench' }}, url: location.origin }})\"></script>",
    ),
    Peer(
        "@inkeep/cxkit-js",
        "0.5.64",
        "sha512-tOWJdcpi/lhImqoxx8lUb64LpaJPgIsRr/k6Z76MtuWx3BKkeHJAqVBewvJDM0TbqPpaT64i0z5T3v6pzLHCUg==",
        '<script type="module" src="{at}/dist/embed.js"></script>'
        "<script type=\"module\">Inkeep.ChatButton({{ baseSettings: {{ apiKey: 'bench' }} }})</script>",
    ),
    Peer(
        "@n8n/chat",
        "1.37.0",
        "sha512-V1EQxDp/+rW6o/5OZgbwDfgPJXG8Jrn3TIdq7Z/26QTP90Uo3g2gv8CMnaQcphdTQVR+K06X34DOCRHXa8Tqnw==",
        '<link rel="stylesheet" href="{at}/dist/style.css">'
        "<script type=\"module\">import {{ createChat }} from '{at}/dist/chat.bundle.es.js';"
        "createChat({{ webhookUrl: location.origin + '/webhook' }})</script>",
    ),
)


@contextmanager
def packed() -> Iterator[Path]:
    """A folder with the peers' packages as npm has them now, each under its place in `PEERS`. Raises `Missing`."""
    with TemporaryDirectory(prefix="peers-") as name:
        folder = Path(name)
        command = ["npm", "pack", "--json", "--silent", "--pack-destination", name, *(peer.package for peer in PEERS)]
        try:
            subprocess.run(command, cwd=name, capture_output=True, check=True, timeout=60 * MINUTES)
        except (OSError, subprocess.SubprocessError) as exc:
            raise Missing(f"npm could not pack the peers: {exc}") from exc
        for place, peer in enumerate(PEERS):
            _unpack(folder, peer, folder / str(place))
        yield folder


def _unpack(folder: Path, peer: Peer, into: Path) -> None:
    """Raises `Missing` when it is not the release that was compared before."""
    file = folder / f"{peer.name.removeprefix('@').replace('/', '-')}-{peer.version}.tgz"
    found = "sha512-" + base64.b64encode(hashlib.sha512(file.read_bytes()).digest()).decode()
    if found != peer.integrity:
        raise Missing(f"{peer.package} is another one than before: {found}")
    with tarfile.open(file) as archive:
        archive.extractall(into, filter="data")
