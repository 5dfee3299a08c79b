// The theme loads Mermaid from a CDN unless it is there already.
import { mermaid } from "./mermaid/index.js";
window.mermaid = mermaid;
