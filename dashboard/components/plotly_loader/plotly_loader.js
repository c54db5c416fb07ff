// Loads Plotly. The scripts of figures wait for it.

const RETRY_MS = 1000;

export default function ({ data }) {
  load(data.address);
}

function load(address) {
  if (window.Plotly || document.getElementById("plotly-source")) return;
  const script = document.createElement("script");
  // Streamlit's own scripts are two folders below the address of the dashboard.
  const own = document.querySelector('script[src*="static/js/"]');
  script.src = new URL(address, new URL("../../", own?.src ?? document.baseURI));
  script.id = "plotly-source";
  script.onerror = () => {
    script.remove();
    setTimeout(load, RETRY_MS, address);
  };
  document.head.append(script);
}
