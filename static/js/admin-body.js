// A lesson body between JSON text and objects. What the editor does not touch comes out as it went in: a number such as
// 1.0 or 12345678901234567890, which JavaScript cannot hold, is kept as its source text where the browser can.

const keepsNumbers = typeof JSON.rawJSON === "function";

export function parse(text) {
  if (!keepsNumbers) return JSON.parse(text);
  return JSON.parse(text, (key, value, context) => {
    if (typeof value !== "number" || context.source === undefined || String(value) === context.source) return value;
    return JSON.rawJSON(context.source);
  });
}

export function write(value, indent = 0) {
  return JSON.stringify(value, null, indent);
}

// The text of a number for an input; empty for what is none.
export function numberText(value) {
  if (keepsNumbers && JSON.isRawJSON(value)) return value.rawJSON;
  return typeof value === "number" ? String(value) : "";
}

export function isBody(value) {
  const isBlock = (block) => block !== null && typeof block === "object" && !Array.isArray(block);
  return isBlock(value) && Array.isArray(value.blocks) && value.blocks.every(isBlock);
}

export function freshId(taken) {
  const bytes = crypto.getRandomValues(new Uint8Array(6));
  const id = `b${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  return taken.has(id) ? freshId(taken) : id;
}

// "blocks[3].choices[1].text" as { index: 3, rest: "choices[1].text" }; null where it names no block.
export function splitPath(path) {
  const found = /^blocks\[(\d+)\]\.?(.*)$/s.exec(path);
  return found && { index: Number(found[1]), rest: found[2] };
}

// The first words of a block, for its closed card.
export function summary(block) {
  const text = block.title || block.prompt || block.source || block.alt || block.url || "";
  const line = String(text)
    .split("\n")
    .map((part) => part.replace(/<!--.*?-->/g, "").replace(/^[#>\s*-]+/, "").trim())
    .find(Boolean);
  return line ? line.slice(0, 120) : "";
}
