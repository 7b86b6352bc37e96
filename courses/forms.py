"""What a visitor may ask of the catalogue, checked: a bad value is a message, never a fault."""

from django import forms

from courses.models import Course


class CatalogueForm(forms.Form):
    """The catalogue's search line."""

    search = forms.CharField(required=False, max_length=100)
    level = forms.ChoiceField(required=False, choices=[("", "Any level"), *Course.Level.choices])
    language = forms.RegexField(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", required=False, max_length=12)
    page = forms.IntegerField(required=False, min_value=1, max_value=10_000)


class SearchForm(forms.Form):
    """The site's search."""

    q = forms.CharField(required=False, max_length=100)
