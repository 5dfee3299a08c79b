// The tokens of an answer in one box, shaded by how likely the model thought each; arrow keys and the pointer go from
// one to the next, and below stands what is known of it. For a screen reader it is a list of choices, read one by one.
import { h } from "vue";

const BANDS = [0.9, 0.5, 0.2, 0.05]; // the less likely, the darker

let boxes = 0;

export default {
  props: { label: String, hint: String, tokens: Array }, // each is [what is shown, its probability or null, in words]
  data() {
    return { at: -1, id: `tokens-${boxes++}` };
  },
  methods: {
    go(place) {
      this.at = Math.max(0, Math.min(this.tokens.length - 1, place));
      this.$nextTick(() => document.getElementById(`${this.id}-${this.at}`)?.scrollIntoView({ block: "nearest" }));
    },
    onKeydown(event) {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const to = { ArrowRight: this.at + 1, ArrowLeft: this.at - 1, Home: 0, End: this.tokens.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      this.go(to);
    },
    shade(probability) {
      if (probability === null) return "";
      const band = BANDS.findIndex((least) => probability >= least);
      return `shade-${band < 0 ? BANDS.length : band}`;
    },
  },
  render() {
    const options = this.tokens.map(([text, probability, words], place) =>
      h(
        "span",
        {
          id: `${this.id}-${place}`,
          role: "option",
          class: ["token", this.shade(probability)],
          "aria-label": words,
          "aria-selected": String(place === this.at),
          onMouseenter: () => (this.at = place),
        },
        text,
      ),
    );
    return h("div", [
      h(
        "div",
        {
          class: "tokens",
          role: "listbox",
          tabindex: 0,
          dir: "auto",
          "aria-label": this.label,
          "aria-orientation": "horizontal",
          "aria-activedescendant": this.at < 0 ? undefined : `${this.id}-${this.at}`,
          onFocus: () => this.at < 0 && this.go(0),
          onKeydown: this.onKeydown,
        },
        options,
      ),
      h("p", { class: "reading muted", "aria-hidden": "true", dir: "auto" }, this.tokens[this.at]?.[2] ?? this.hint),
    ]);
  },
};
