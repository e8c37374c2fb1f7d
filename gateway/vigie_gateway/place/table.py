"""What all tables of ``site.toml`` have in common. Used by ``site`` and by modules with tables of their own."""

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """Unknown keys are problems, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True)
