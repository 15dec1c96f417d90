-- Names of the data set: products with their service and workloads, and the
-- companies of Microsoft's documentation.
local M = {}

M.services = {
  o365 = { name = "Microsoft Office 365", deployment = "2017-03-14T03:25:16.36",
    usage = "2017-03-09T00:00:00" },
  crm = { name = "Microsoft Dynamics", deployment = "2017-03-10T00:00:00",
    usage = "2017-03-10T00:00:00" },
}

M.workloads = {
  EXO = "Exchange", SPO = "SharePoint", SFB = "Skype For Business",
  OD4B = "OneDrive", CRM = "Microsoft Dynamics CRM", YAM = "Yammer",
}

local function product(name, service, first, second, kind)
  return { name = name, service = service, workloads = { first, second }, type = kind }
end

-- The first three are those of the documented customer.
M.products = {
  product("OFFICE 365 BUSINESS ESSENTIALS", "o365", "EXO", "SPO", "Office"),
  product("EXCHANGE ONLINE (PLAN 1)", "o365", "EXO", "SPO", "Office"),
  product("EXCHANGE ONLINE ARCHIVING FOR EXCHANGE ONLINE", "o365", "EXO", "SPO", "Office"),
  product("DYNAMICS 365 FOR SALES", "crm", "CRM", "SPO", "Dynamics"),
  product("OFFICE 365 ENTERPRISE E3", "o365", "EXO", "SFB", "Office"),
  product("OFFICE 365 BUSINESS PREMIUM", "o365", "EXO", "OD4B", "Office"),
  product("MICROSOFT 365 BUSINESS", "o365", "EXO", "SPO", "M365"),
  product("OFFICE 365 ENTERPRISE E1", "o365", "EXO", "SFB", "Office"),
  product("DYNAMICS 365 FOR CUSTOMER SERVICE", "crm", "CRM", "YAM", "Dynamics"),
  product("EXCHANGE ONLINE PROTECTION", "o365", "EXO", "SPO", "Office"),
  product("SHAREPOINT ONLINE (PLAN 2)", "o365", "SPO", "OD4B", "Office"),
  product("SKYPE FOR BUSINESS ONLINE (PLAN 2)", "o365", "SFB", "EXO", "Office"),
  product("ENTERPRISE MOBILITY + SECURITY E3", "o365", "EXO", "SPO", "EMS"),
  product("DYNAMICS AX TASK", "crm", "CRM", "SPO", "Dynamics"),
  product("DOMESTIC AND INTERNATIONAL CALLING PLAN", "o365", "SFB", "EXO", "Office"),
  product("OFFICE 365 F1", "o365", "EXO", "YAM", "Office"),
  product("ONEDRIVE FOR BUSINESS (PLAN 1)", "o365", "OD4B", "SPO", "Office"),
  product("PROJECT ONLINE PROFESSIONAL", "o365", "SPO", "OD4B", "Office"),
  product("VISIO ONLINE PLAN 2", "o365", "SPO", "OD4B", "Office"),
  product("DYNAMICS 365 BUSINESS CENTRAL ESSENTIALS", "crm", "CRM", "YAM", "Dynamics"),
  product("MICROSOFT 365 E5", "o365", "EXO", "SFB", "M365"),
  product("WINDOWS 10 ENTERPRISE E3", "o365", "SPO", "OD4B", "Windows"),
  product("AZURE ACTIVE DIRECTORY PREMIUM P1", "o365", "EXO", "SPO", "EMS"),
  product("POWER BI PRO", "o365", "SPO", "YAM", "UNKNOWN"),
  product("OFFICE 365 ENTERPRISE E5", "o365", "SFB", "EXO", "Office"),
  product("DYNAMICS 365 FOR TEAM MEMBERS", "crm", "CRM", "SPO", "Dynamics"),
  product("AUDIO CONFERENCING", "o365", "SFB", "YAM", "Office"),
  product("OFFICE 365 EXTRA FILE STORAGE", "o365", "SPO", "OD4B", "Office"),
}

-- Name, and the form that the insights show where ASCII is not enough.
M.companies = {
  { "Contoso" }, { "Fabrikam" }, { "Adventure Works" }, { "Northwind Traders" },
  { "Tailspin Toys" }, { "Wide World Importers" }, { "Litware" }, { "Proseware" },
  { "Trey Research" }, { "Woodgrove Bank" }, { "Humongous Insurance" },
  { "Fourth Coffee" }, { "Graphic Design Institute" }, { "Lucerne Publishing" },
  { "Margie's Travel" }, { "Alpine Ski House" }, { "Blue Yonder Airlines" },
  { "City Power & Light" }, { "Coho Winery" }, { "Consolidated Messenger" },
  { "School of Fine Art" }, { "VanArsdel" }, { "Wingtip Toys" },
  { "The Phone Company" }, { "Southridge Video" }, { "Bellows College" },
  { "Best For You Organics" }, { "First Up Consultants" }, { "Munson's Pickles" },
  { "Nod Publishers" }, { "Relecloud" }, { "A. Datum" },
  { "Südwind Handel", "SÜDWIND HANDEL", "sudwind" },
  { "Café Élan", "CAFÉ ÉLAN", "cafe-elan" },
  { "コントソ商事", "コントソ商事", "contoso-shoji" },
  { "ファブリカム東京", "ファブリカム東京", "fabrikam-tokyo" },
  { "شركة كونتوسو", "شركة كونتوسو", "contoso-arabia" },
  { "Фабрикам", "ФАБРИКАМ", "fabrikam-ru" },
}

M.channels = { "reseller", "reseller", "reseller", "reseller", "direct", "reseller",
  "reseller", "volume licensing" }
M.markets = { "US", "DE", "JP", "GB", "FR", "CA", "BR", "AE", "CN", "NL" }

return M
