"""First and last names by origin; whom they make together is nobody. An underscore stands for a blank."""

from __future__ import annotations

FIRST = {
    "english": "Harriet Gordon Beatrice Malcolm Winifred Trevor Imogen Clifford Rosalind Desmond Tabitha Rupert Maud",
    "german": "Jonas Friederike Anselm Heike Lothar Wiebke Gernot Annelie Torsten Mechthild Ruprecht Silke Detlef",
    "french": "Mathilde Gaspard Odile Thibault Sylvaine Aurélien Capucine Étienne Maëlle Bertrand Joséphine Rémi",
    "spanish": "Ximena Álvaro Rocío Joaquín Begoña Íñigo Macarena Gonzalo Nuria Leandro Pilar Agustín Consuelo Fermín",
    "italian": "Ludovica Ettore Ginevra Calogero Fiammetta Ruggero Ornella Tancredi Nunzia Fulvio Donatella Ugo",
    "dutch": "Maartje Sjoerd Liesbeth Floris Anouk Wouter Hanneke Joost Marijke Ruben Tineke Gijs Femke Bastiaan",
    "polish": "Bożena Zbigniew Grażyna Przemysław Wiesława Ryszard Jadwiga Mirosław Halina Krzysztof Danuta Leszek",
    "indian": "Lakshmi Rajendra Meenakshi Suresh Kavitha Venkatesh Ananya Harish Padmini Girish Sunita Prakash Deepika",
    "turkish": "Ayşegül Mehmet Tuncay Gülten Orhan Şebnem Cengiz Feride Hülya Ertuğrul Sevgi Koray",
    "african": "Chinonso Adaeze Kwabena Folasade Thandiwe Sipho Ngozi Babatunde Amahle Kofi Zanele Emeka Wanjiru",
    "vietnamese": "Thuy Minh Hoang Lan Quang Phuong Duc Huong Tuan Ngoc Bao Linh Khanh Trang",
}
LAST = {
    "english": "Ashdown Bickerstaffe Cholmondeley Dunnett Everleigh Fothergill Gatenby Heathcote Inchbald Jessop",
    "german": "Achenbach Brinkmeier Dallwitz Eschenbach Fuhrmann Grotewohl Hüttenrauch Immelmann Kesselring Lüdecke",
    "french": "Abadie Beauchêne Castaing Delacourt Escoffier Fauconnier Garrigues Hennequin Jourdain Lefranc Maréchal",
    "spanish": "Arizmendi Bustamante Castellanos Echeverría Figueroa Garmendia Izaguirre Larrañaga Montesinos Olazábal",
    "italian": "Abbondanza Bevilacqua Castracani Dell'Acqua Esposito Fiorentini Guicciardini Iannuzzi Lanfranchi",
    "dutch": "van_der_Berg Bakhuizen de_Graaf Dijkstra van_Elburg Feenstra Groenewegen Hoekstra Kuipers Leeuwenhoek",
    "polish": "Andrzejewska Błaszczyk Ciesielski Dąbrowska Gajewski Jabłońska Kołodziej Łukasiewicz Majchrzak",
    "indian": "Acharya Bhattacharya Chakraborty Deshpande Ganesan Iyengar Krishnamurthy Mukherjee Narayanan Raghavan",
    "turkish": "Akgündüz Başaran Çelikkol Demirtaş Erdoğmuş Gökçen Özdemir Gündoğdu Şahinbaş",
    "african": "Abiodun Balogun Chukwuemeka Dlamini Eze Gumede Kamau Mthembu Nkosi Okonkwo Owusu Wambui",
    "vietnamese": "Nguyen Tran Pham Huynh Vo Dang Bui Duong Trinh Luong",
}
