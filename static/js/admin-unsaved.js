// Leaving a page with unsaved changes asks first. A submit that saves does not; one marked data-no-save leaves them unsaved.

export function guardUnsaved(form, changed = () => {}) {
  let dirty = false;

  const mark = () => {
    if (dirty) return;
    dirty = true;
    changed(true);
  };

  form.addEventListener("input", mark);
  form.addEventListener("change", mark);
  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("data-no-save")) return;
    dirty = false;
    changed(false);
  });
  window.addEventListener("beforeunload", (event) => {
    if (dirty) event.preventDefault();
  });
  return { mark };
}
