"""What a page's document defines: all components of the packages, used or not, with their defaults."""

from panel_material_ui import FileSelector


def leave_folder_out() -> None:
    """Have documents of this process not tell the folder that it runs in, the default of a component unused here."""
    FileSelector._data_model.lookup("directory").property._default = ""
