"""What a network learned and where it fails: computed once, kept small beside the model, drawn and told.

`audit_model` computes an `Audit`, `save_audit` and `load_audit` keep it. Reading one needs NumPy and Pillow alone.
"""

from .contents import Audit as Audit
from .contents import load_audit as load_audit
from .contents import save_audit as save_audit
from .making import audit_model as audit_model
