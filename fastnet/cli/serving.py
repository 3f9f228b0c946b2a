"""Options of the commands that serve: how the server is reached, and where its models are."""

import argparse
import ipaddress
import re
from pathlib import Path
from typing import TYPE_CHECKING

from fastnet.errors import OptionError, told

from .options import given_path

if TYPE_CHECKING:
    from fastnet.web.serving import Serving

# What is meant by a model's name on such a command's line.
MODELS_INSTEAD = "all models of --models DIR and --runs DIR are served"

_ORIGIN = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.*_-]+)(:\d{1,5})?")
_PREFIX = re.compile(r"(/[A-Za-z0-9_~-]+)*")


def port(text: str) -> int:
    """A TCP port."""
    if not (text.isdecimal() and len(text) <= 5 and int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"{told(text, 80)!r} is not a port from 0 to 65535")
    return int(text)


def address(text: str) -> str:
    """A host name or IP address of this machine; an empty one would be all that it has."""
    if not text:
        raise argparse.ArgumentTypeError("the address is empty; localhost is for this computer only, 0.0.0.0 for all")
    return text


def origin(text: str) -> str:
    """A host, with or without a port, as browsers know it."""
    if not _ORIGIN.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a host such as digits.example.org, or host:port")
    return text


def prefix(text: str) -> str:
    """The beginning of a path, without a slash at its end; empty for all paths."""
    if not _PREFIX.fullmatch(text.rstrip("/")):
        raise argparse.ArgumentTypeError(f"{text!r} is not the beginning of a path such as /digits")
    return text.rstrip("/")


def network(text: str) -> str:
    """An IP address, or a network of them."""
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not an address such as 127.0.0.1, or a network such as 10.0.0.0/8"
        ) from None


def add_serving_options(parser: argparse.ArgumentParser, default_port: int) -> None:
    """Declare how the server is reached."""
    parser.add_argument(
        "--port", type=port, default=default_port, metavar="N", help="(default: %(default)s; 0: any free one)"
    )
    parser.add_argument(
        "--address",
        type=address,
        default="localhost",
        metavar="HOST",
        help="where to listen (default: %(default)s, this computer only)",
    )
    parser.add_argument(
        "--allow-origin",
        action="append",
        type=origin,
        default=[],
        metavar="HOST[:PORT]",
        help="another name under which browsers may open it; may be given several times",
    )
    parser.add_argument("--prefix", type=prefix, default="", metavar="PATH", help="serve below this path: /digits")
    parser.add_argument(
        "--trust-proxy",
        action="append",
        type=network,
        default=[],
        metavar="ADDRESS",
        help="believe the X-Forwarded-For and -Proto of a proxy at this address; may be given several times",
    )
    parser.add_argument("--tls-cert", type=given_path, metavar="FILE", help="serve HTTPS, with this certificate (PEM)")
    parser.add_argument("--tls-key", type=given_path, metavar="FILE", help="and its key (PEM)")


def add_directories(parser: argparse.ArgumentParser) -> None:
    """Declare where the models are."""
    parser.add_argument(
        "--models", type=given_path, default=Path("models"), metavar="DIR", help="saved models (default: %(default)s)"
    )
    parser.add_argument(
        "--runs",
        type=given_path,
        default=Path("runs"),
        metavar="DIR",
        help="where trainings are saved (default: %(default)s)",
    )


def require_directories(args: argparse.Namespace) -> None:
    """OptionError where the models are to be in what is neither a directory nor can become one."""
    for option, path in (("--models", args.models), ("--runs", args.runs)):
        if path.exists() and not path.is_dir():
            raise OptionError(f"{option} {path}: is no directory")
        if not path.exists() and not path.absolute().parent.is_dir():
            raise OptionError(f"{option} {path}: no such directory, and none to make it in")


def serving_of(args: argparse.Namespace) -> "Serving":
    """How the options have it served, at a port that is free; OptionError where that cannot be."""
    from fastnet.web.ports import find_port
    from fastnet.web.serving import Serving

    if (args.tls_cert is None) != (args.tls_key is None):
        raise OptionError("--tls-cert and --tls-key go together")
    serving = Serving(
        find_port(args.address, args.port),
        args.address,
        tuple(args.allow_origin),
        args.prefix,
        tuple(args.trust_proxy),
        args.tls_cert,
        args.tls_key,
    )
    serving.tls()
    return serving
