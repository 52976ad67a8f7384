// What Shopify writes into every page: its globals, here from the script's own attributes, since nothing is inline.
{
  const { shop, locale, country, currency, root } = document.currentScript.dataset;
  window.Shopify = Object.assign(window.Shopify ?? {}, {
    shop,
    locale,
    country,
    currency: { active: currency, rate: '1.0' },
    routes: { root },
    designMode: false,
    theme: { name: 'Tarn', schema_name: 'Tarn', role: 'main' },
  });
}
