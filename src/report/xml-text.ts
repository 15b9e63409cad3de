/** XML 1.0 as text. */

/** What XML 1.0 forbids even as a reference (Char of its section 2.2), lone halves of characters among it, and what reorders text. */
const forbidden =
  /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]|[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

const references: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};

/** An element: its attributes, and content that is XML already. */
export function element(name: string, attributes: Readonly<Record<string, string | number>>, content = ""): string {
  const words = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeAttribute(String(value))}"`);
  return content === "" ? `<${name}${words.join("")}/>` : `<${name}${words.join("")}>${content}</${name}>`;
}

/** Text as an element's content. */
export function escapeText(text: string): string {
  return replaceForbidden(text).replace(/[&<>\r]/gu, (character) => references[character] ?? "");
}

function escapeAttribute(text: string): string {
  return replaceForbidden(text).replace(/[&<>"\t\n\r]/gu, (character) => references[character] ?? "");
}

/** U+FFFD, the replacement character, is what Unicode has for this. */
function replaceForbidden(text: string): string {
  return text.replace(forbidden, "\ufffd");
}
