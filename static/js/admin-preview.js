// The live preview: the server compiles what is being written, as publishing would, and stores nothing. The parts are shown in
// a shadow root, so that neither the admin's styles nor the lesson's reach over. What is shown was cleaned by the server.

const PAUSE = 500; // ms after the last keystroke

export class Preview {
  constructor({ address, styles, token, data, onErrors, onPick }) {
    Object.assign(this, { address, token, data, onErrors, onPick });
    this.parts = new Map(); // block id → its HTML and its nodes
    this.host = document.createElement("div");
    this.host.className = "preview-host";
    const root = this.host.attachShadow({ mode: "open" });
    for (const href of styles) root.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
    this.page = Object.assign(document.createElement("div"), { className: "preview-page" });
    root.append(this.page);
    this.state = Object.assign(document.createElement("p"), { className: "preview-state" });
    this.state.setAttribute("role", "status");
    this.page.addEventListener("click", (event) => this.follow(event));
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), PAUSE);
  }

  async refresh() {
    clearTimeout(this.timer);
    this.running?.abort();
    const running = (this.running = new AbortController());
    const { body, title, ids } = this.data();
    const sent = new FormData(); // not urlencoded: that would triple every letter that is not Latin
    sent.append("body", body);
    sent.append("title", title);
    try {
      const answer = await fetch(this.address, {
        method: "POST",
        headers: { Accept: "application/json", "X-CSRFToken": this.token },
        body: sent,
        signal: running.signal,
      });
      if (answer.redirected) throw new Error("you are logged out: log in in another tab, then come back here");
      if (!answer.ok) throw new Error(answer.status === 403 ? "you may not edit this lesson any more" : `the server said ${answer.status}`);
      const data = await answer.json();
      this.show(data.html, ids);
      this.onErrors(data.errors);
      this.say(data);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.state.textContent = `No preview: ${error.message}. Your text is still here.`;
      this.state.dataset.tone = "bad";
    }
  }

  say({ errors, minutes, formulas }) {
    const failed = formulas?.failed ?? [];
    delete this.state.dataset.tone;
    if (errors.length) {
      this.state.textContent = "Blocks with faults are shown as they last were.";
      this.state.dataset.tone = "careful";
    } else if (failed.length) {
      this.state.textContent = `${failed.length} formula${failed.length > 1 ? "s" : ""} cannot be set and will be shown as source: ${failed[0].tex.slice(0, 60)} (${failed[0].reason})`;
      this.state.dataset.tone = "careful";
    } else {
      this.state.textContent = `${minutes} min to read`;
    }
  }

  // Only what changed is replaced: pictures do not flicker and the place is kept. A block that could not be compiled keeps its
  // former look, marked.
  show(html, ids) {
    const fresh = new Map(html.map((part) => [part.id, part.html]));
    const next = [];
    const kept = new Map();
    for (const id of ids) {
      let part = this.parts.get(id);
      const text = fresh.get(id);
      if (text !== undefined && part?.html !== text) {
        const template = document.createElement("template");
        template.innerHTML = text;
        part = { html: text, nodes: [...template.content.children] };
      }
      if (!part) continue;
      for (const node of part.nodes) node.toggleAttribute("data-stale", text === undefined);
      kept.set(id, part);
      next.push(...part.nodes);
    }
    this.parts = kept;
    const current = [...this.page.children];
    if (next.length === current.length && next.every((node, index) => node === current[index])) return;
    const wanted = new Set(next);
    for (const node of current) if (!wanted.has(node)) node.remove();
    next.forEach((node, index) => {
      if (this.page.children[index] !== node) this.page.insertBefore(node, this.page.children[index] ?? null);
    });
  }

  // Brings a block into view without moving the page around it.
  reveal(id) {
    const node = this.parts.get(id)?.nodes[0];
    if (!node || !this.pane) return;
    const offset = node.getBoundingClientRect().top - this.pane.getBoundingClientRect().top;
    this.pane.scrollTo({ top: this.pane.scrollTop + offset - 24, behavior: "instant" });
    for (const { nodes } of this.parts.values()) nodes.forEach((other) => other.toggleAttribute("data-here", nodes[0] === node));
  }

  follow(event) {
    const link = event.target.closest("a[href]");
    if (link) {
      event.preventDefault(); // the editor must not be left by a click into the text
      const target = link.getAttribute("href");
      if (target.startsWith("#")) this.page.querySelector(`#${CSS.escape(decodeURIComponent(target.slice(1)))}`)?.scrollIntoView();
      else window.open(link.href, "_blank", "noopener");
      return;
    }
    if (event.target.closest("summary, details")) return;
    for (const [id, { nodes }] of this.parts) if (nodes.some((node) => node.contains(event.target))) this.onPick(id);
  }
}
