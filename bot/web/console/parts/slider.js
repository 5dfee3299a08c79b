// A labelled slider that shows its number; where it stands is sent when it rests for a moment, or is let go.
import { h } from "vue";

const PAUSE = 200; // milliseconds

export default {
  props: { name: String, label: String, value: Number, least: Number, most: Number, step: Number, digits: Number },
  emits: ["moved"],
  data() {
    return { now: this.value };
  },
  watch: {
    value(now) {
      this.now = now;
    },
  },
  beforeUnmount() {
    clearTimeout(this.timer);
  },
  methods: {
    move(event) {
      this.now = Number(event.target.value);
      clearTimeout(this.timer);
      this.timer = setTimeout(this.send, PAUSE);
    },
    send() {
      clearTimeout(this.timer);
      this.$emit("moved", this.now);
    },
  },
  render() {
    return h("div", { class: "field slider" }, [
      h("label", { for: this.name }, [this.label, " ", h("output", { for: this.name }, this.now.toFixed(this.digits))]),
      h("input", {
        id: this.name,
        type: "range",
        min: this.least,
        max: this.most,
        step: this.step,
        value: this.now,
        onInput: this.move,
        onChange: this.send,
      }),
    ]);
  },
};
