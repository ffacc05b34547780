// What a flight costs in the end. Amounts are euros.
const AIRPORT_TAX = 21.5; // for each traveller
const BAG = 28;
const SERVICE_FEE = 0.04; // of fares and bags

export default async function main({ inputVars }) {
  const { fare, travellers, bags = 0 } = inputVars;
  const net = fare * travellers + BAG * Number(bags || 0);
  const taxes = AIRPORT_TAX * travellers;
  const fees = net * SERVICE_FEE;
  const cents = (amount) => Math.round(amount * 100) / 100;
  return { outputVars: { total: cents(net + taxes + fees), taxes: cents(taxes), fees: cents(fees), currency: "EUR" } };
}
