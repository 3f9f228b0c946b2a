"""Functions and cases by the names that a command line gives them: `module:name`."""

import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from fastnet.errors import OptionError, did_you_mean, told, without_folders

from .cases import Case


def function_named(name: str) -> Callable[..., Any]:
    """The function that `module:function` names; OptionError where it is not there, or cannot be called."""
    found = _named(name)
    if not callable(found):
        raise OptionError(f"{name} is no function")
    function: Callable[..., Any] = found
    return function


def cases_named(name: str) -> list[Case]:
    """The cases that `module:cases` names, or that the function of that name returns; OptionError for what is none."""
    found = _named(name)
    cases = found() if callable(found) else found
    if not isinstance(cases, list | tuple) or not cases or not all(isinstance(case, Case) for case in cases):
        raise OptionError(f"{name} must be a list of fastnet.workshop.Case, as cases_of makes it")
    return list(cases)


def _named(name: str) -> Any:
    """What stands in a module; modules of the current directory are found too, behind those that are installed."""
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise OptionError(f"{name!r} must be module:name, as in mykernels:layer_norm")
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        module = import_module(module_name)
    except MemoryError:
        raise
    except Exception as error:  # whatever a module raises while it is imported
        raise OptionError(
            f"{module_name} cannot be imported from the current directory or what is installed:"
            f" {type(error).__name__}, {without_folders(told(error, 200))}"
        ) from error
    if not hasattr(module, attribute):
        raise OptionError(f"{module_name} has no {attribute}{did_you_mean(attribute, vars(module))}")
    return getattr(module, attribute)
