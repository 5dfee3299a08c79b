// A chart, drawn by the ECharts that ships with NiceGUI. NiceGUI's own element compiles its template in the browser,
// which the page's security policy forbids; this one draws itself. Colours are named as the style sheet has them.
import { h } from "vue";
import { echarts } from "nicegui-echart";

const COLOUR = /^var\((--[\w-]+)\)$/;

export default {
  props: { label: String, options: Object },
  mounted() {
    this.chart = echarts.init(this.$refs.canvas, null, { renderer: "svg" });
    this.observer = new ResizeObserver(() => this.chart.resize());
    this.observer.observe(this.$el);
    this.dark = window.matchMedia("(prefers-color-scheme: dark)");
    this.dark.addEventListener("change", this.draw);
    this.draw();
  },
  beforeUnmount() {
    this.observer.disconnect();
    this.dark.removeEventListener("change", this.draw);
    this.chart.dispose();
  },
  watch: {
    options() {
      this.draw();
    },
  },
  methods: {
    draw() {
      const style = getComputedStyle(this.$el);
      const coloured = (value) => {
        if (typeof value === "string") {
          const name = value.match(COLOUR)?.[1];
          return name ? style.getPropertyValue(name).trim() : value;
        }
        if (Array.isArray(value)) return value.map(coloured);
        if (value === null || typeof value !== "object") return value;
        return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, coloured(inner)]));
      };
      this.chart.setOption(coloured({ animation: false, ...this.options }), { notMerge: true });
    },
  },
  render() {
    // The drawing within is hidden from screen readers, for which the label stands.
    const drawing = h("div", { class: "drawing", ref: "canvas", "aria-hidden": "true" });
    return h("div", { class: "chart", role: "img", "aria-label": this.label }, [drawing]);
  },
};
