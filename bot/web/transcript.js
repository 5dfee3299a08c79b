// The conversation. Its end stays in view while an answer grows, unless the reader has scrolled up; whoever asks is
// taken to the end in any case.
import { h } from "vue";

const NEAR_END = 120; // CSS pixels from the end that still count as being at the end

export default {
  props: { label: String },
  mounted() {
    const page = document.documentElement;
    const toEnd = () => window.scrollTo(0, page.scrollHeight);
    let atEnd = true;
    this.onScroll = () => (atEnd = page.scrollHeight - window.scrollY - window.innerHeight < NEAR_END);
    window.addEventListener("scroll", this.onScroll, { passive: true });
    this.growth = new ResizeObserver(() => atEnd && this.$el.childElementCount && toEnd());
    this.growth.observe(document.body);
    this.additions = new MutationObserver(toEnd);
    this.additions.observe(this.$el, { childList: true });
  },
  beforeUnmount() {
    this.growth.disconnect();
    this.additions.disconnect();
    window.removeEventListener("scroll", this.onScroll);
  },
  render() {
    return h("div", { role: "log", "aria-label": this.label, "aria-live": "polite" }, this.$slots.default?.());
  },
};
